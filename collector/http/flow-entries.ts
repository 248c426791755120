/** The entries of the list of flows where no filter leads to them: origins, and roots whose causes are not stored. */
import { flowOrigins, type OriginPage, type OriginPosition } from "../store/queries/flow-origins.ts";
import { comesBefore, linkedRoots, withoutCauses } from "../store/queries/unexplained-roots.ts";
import type { Store } from "../store/store.ts";

/** Linked roots looked at for one read of entries: a few times as many as most pages have. */
const LINKED_ROOTS_MAX = 200;

/** Entries, newest first; `next` is where those after them begin, absent where there are no more. */
export interface Entries {
  readonly entries: readonly OriginPosition[];
  readonly next?: OriginPosition | undefined;
}

/** At most `limit` origins of a page, and the roots among them that begin flows of their own. */
export async function originEntries(store: Store, page: OriginPage): Promise<Entries> {
  const origins = await flowOrigins(store, page);
  const lastOrigin = origins.length < page.limit ? undefined : origins.at(-1);
  const linked = await linkedRoots(store, { ...page, last: lastOrigin, limit: LINKED_ROOTS_MAX });
  const lastLinked = linked.length < LINKED_ROOTS_MAX ? undefined : linked.at(-1);
  const isLinkedFirst = lastOrigin && lastLinked && comesBefore(lastLinked, lastOrigin);
  const next = isLinkedFirst ? lastLinked : (lastOrigin ?? lastLinked);
  const isHere = (entry: OriginPosition) => next === undefined || !comesBefore(next, entry);
  const roots = await withoutCauses(store, linked.filter(isHere), page);
  if (roots.length === 0 && next === lastOrigin) return { entries: origins, next };
  const entries = [...origins.filter(isHere), ...roots];
  return { entries: entries.sort((a, b) => (comesBefore(a, b) ? -1 : 1)), next };
}
