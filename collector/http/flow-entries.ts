/** The entries of the list of flows where no filter leads to them: origins, and roots whose causes are not stored. */
import { flowOrigins, newestFrom, type OriginPage, type OriginPosition } from "../store/queries/flow-origins.ts";
import { comesBefore, linkedRoots, withoutCauses, type LinkedRoot } from "../store/queries/unexplained-roots.ts";
import type { Store } from "../store/store.ts";

/** Linked roots looked at for one read of entries: a few times as many as most pages have. */
const LINKED_ROOTS_MAX = 200;

/** Entries, newest first; `next` is where those after them begin, absent where there are no more. */
export interface Entries {
  readonly entries: readonly OriginPosition[];
  readonly next?: OriginPosition | undefined;
}

/** Stores in which roots had a place on the last page: there, origins alone do not tell what a page reads. */
const storesWithRoots = new WeakSet<Store>();

/** Which entries are wanted, and who hears of them early. */
export interface EntriesPage extends OriginPage {
  /** Told of the origins as soon as they are known, where most likely they are all of the entries. */
  readonly onOrigins?: ((origins: readonly OriginPosition[]) => void) | undefined;
}

/** At most `limit` origins of a page, and the roots among them that begin flows of their own. */
export async function originEntries(store: Store, { onOrigins, ...page }: EntriesPage): Promise<Entries> {
  const newest = { ...page, from: newestFrom(page), limit: LINKED_ROOTS_MAX };
  const [origins, newestLinked] = await Promise.all([flowOrigins(store, page), linkedRoots(store, newest)]);
  if (!storesWithRoots.has(store)) onOrigins?.(origins);
  const lastOrigin = origins.length < page.limit ? undefined : origins.at(-1);
  const linked = await withOlder(store, newestLinked, { page, newest, last: lastOrigin });
  const lastLinked = linked.length < LINKED_ROOTS_MAX ? undefined : linked.at(-1);
  const isLinkedFirst = lastOrigin && lastLinked && comesBefore(lastLinked, lastOrigin);
  const next = isLinkedFirst ? lastLinked : (lastOrigin ?? lastLinked);
  const isHere = (entry: OriginPosition) => next === undefined || !comesBefore(next, entry);
  const roots = await withoutCauses(store, linked.filter(isHere), page);
  if (roots.length > 0) storesWithRoots.add(store);
  else storesWithRoots.delete(store);
  if (roots.length === 0 && next === lastOrigin) return { entries: origins, next };
  const entries = [...origins.filter(isHere), ...roots];
  return { entries: entries.sort((a, b) => (comesBefore(a, b) ? -1 : 1)), next };
}

interface Looked {
  readonly page: OriginPage;
  /** The part of it that was looked through. */
  readonly newest: OriginPage;
  /** The last place of the list that matters. */
  readonly last: OriginPosition | undefined;
}

/** Those and older roots, down to the page's last place: most pages end in the newest part. */
async function withOlder(
  store: Store,
  found: readonly LinkedRoot[],
  { page, newest, last }: Looked,
): Promise<readonly LinkedRoot[]> {
  const isAll = newest.from === page.from || (last && BigInt(last.startNs) >= nanosOf(newest.from));
  const limit = LINKED_ROOTS_MAX - found.length;
  if (isAll || limit === 0) return found;
  return [...found, ...(await linkedRoots(store, { ...page, to: newest.from, last, limit }))];
}

function nanosOf(instant: string): bigint {
  return BigInt(Date.parse(instant)) * 1_000_000n;
}
