/** By which way the wanted flows are found: from all origins, or from spans that one condition of the filter names. */
import { flowOrigins, type OriginPosition } from "../store/queries/flow-origins.ts";
import { countSpans, findSpans } from "../store/queries/span-search.ts";
import type { Store } from "../store/store.ts";
import { wrongCursor } from "./cursor.ts";
import type { CutNote } from "./cut-note.ts";
import { seedsOf, type FlowFilter, type Seed } from "./flow-filter.ts";
import type { TimeRange } from "./time-range.ts";

/** Matching spans up to which a condition is rare: the way to the flows then leads over them. */
const RARE_SPANS_MAX = 2_000;
/** Flows among which none is missed: all are looked through where spans would lead to some of the wanted alone. */
const FEW_ORIGINS_MAX = 500;
/** Of origins, and of a condition's spans, the newest: how close they lie says how many flows a way looks through. */
const SAMPLED_MAX = 400;
/** Times as many traces in the same time that origins must have for spans to be the shorter way, as these take more. */
const SHORTER_BY = 2;

/** What is asked for, and of which page. */
export interface Choosing {
  readonly request: TimeRange & FlowFilter & { readonly signal?: AbortSignal | undefined };
  /** What the page before went by. */
  readonly way: string | undefined;
  readonly isFirst: boolean;
  readonly cut: CutNote;
}

/** How the wanted flows are found. */
export interface Way {
  /** The condition whose spans lead to them soonest; undefined where the origins do. */
  readonly seed?: Seed | undefined;
  /** There is no such span, so no such flow. */
  readonly isEmpty?: boolean;
}

/** The way of a page: of a first one the shortest, of a later one that of the first. */
export async function wayOf(store: Store, { request, way, isFirst, cut }: Choosing): Promise<Way> {
  const seeds = seedsOf(request);
  if (!isFirst) {
    const seed = seeds.find(({ name }) => name === way);
    if (way !== undefined && seed === undefined) throw wrongCursor();
    return { seed };
  }
  const [only] = seeds;
  if (seeds.length === 0 || (seeds.length === 1 && only?.isNarrow)) return { seed: only };
  const { from, to, signal } = request;
  const count = async (seed: Seed) => {
    const filter = { ...seed.filter, from, to };
    return { seed, spans: await countSpans(store, { filter, limit: RARE_SPANS_MAX + 1, signal, onCut: cut.onCut }) };
  };
  const rare = (await Promise.all(seeds.map(count))).filter(({ spans }) => spans <= RARE_SPANS_MAX);
  rare.sort((a, b) => a.spans - b.spans);
  const sure = rare.find(({ seed }) => seed.parts === undefined);
  const chosen = sure ?? rare[0];
  if (chosen === undefined) {
    const narrow = seeds.find(({ isNarrow }) => isNarrow);
    return { seed: narrow ?? (await sparserThanOrigins(store, seeds, { request, cut })) };
  }
  if (sure === undefined && (await hasFewOrigins(store, { request, cut }))) return {};
  return { seed: chosen.seed, isEmpty: chosen.spans === 0 };
}

async function hasFewOrigins(store: Store, { request, cut }: Pick<Choosing, "request" | "cut">): Promise<boolean> {
  const { from, to, signal } = request;
  const page = { from, to, limit: FEW_ORIGINS_MAX + 1, signal, onCut: cut.onCut };
  return (await flowOrigins(store, page)).length <= FEW_ORIGINS_MAX;
}

/** The common condition whose traces lie farthest apart; undefined where the origins do nearly as far. */
async function sparserThanOrigins(
  store: Store,
  seeds: readonly Seed[],
  { request, cut }: Pick<Choosing, "request" | "cut">,
): Promise<Seed | undefined> {
  const { from, to, signal } = request;
  const sample = { limit: SAMPLED_MAX, signal, onCut: cut.onCut };
  const sure = seeds.filter(({ parts }) => parts === undefined);
  if (sure.length === 0) return undefined;
  const [origins, ...matches] = await Promise.all([
    flowOrigins(store, { from, to, ...sample }),
    ...sure.map((seed) => findSpans(store, { filter: { ...seed.filter, from, to }, ...sample })),
  ]);
  const gaps = matches.map(nsPerTrace);
  const widest = Math.max(...gaps);
  return widest >= nsPerTrace(origins) * SHORTER_BY ? sure[gaps.indexOf(widest)] : undefined;
}

/** How far apart traces lie, of entries newest first. */
function nsPerTrace(entries: readonly OriginPosition[]): number {
  const [newest = 0, oldest = 0] = [entries.at(0), entries.at(-1)].map((entry) => Number(entry?.startNs));
  return (newest - oldest) / new Set(entries.map(({ traceId }) => traceId)).size;
}
