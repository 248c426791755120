/**
 * Where flows begin with a span that links to its cause, and the cause is not stored: it was sampled away, lost, or has
 * expired. No row of flow_origins leads there (schema/sql/042_linked_roots.sql).
 */
import type { QueryBounds, Store } from "../store.ts";
import type { OriginPage, OriginPosition } from "./flow-origins.ts";
import { within, type Reading } from "./reading.ts";
import { TraceIndex } from "./trace-index.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 100_000_000, memoryBytes: 1024 ** 3 };
/** How long before the roots their causes are looked for among origins, before the index is asked, nanoseconds. */
const NEAR_NS = 120_000_000_000n;

/** A root, and hashes of the first traces that it links to. */
export interface LinkedRoot extends OriginPosition {
  readonly causes: readonly number[];
}

const ROOTS_SQL = `
SELECT
    toString(toUnixTimestamp64Nano(start_time)) AS "startNs",
    lower(hex(trace_id)) AS "traceId",
    lower(hex(span_id)) AS "spanId",
    causes
FROM linked_roots
WHERE start_time >= parseDateTime64BestEffort({from:String}, 9, 'UTC')
  AND start_time >= fromUnixTimestamp64Nano({sinceNs:Int64})
  AND start_time < parseDateTime64BestEffort({to:String}, 9, 'UTC')
  AND start_time <= fromUnixTimestamp64Nano({untilNs:Int64})
ORDER BY linked_roots.start_time DESC, linked_roots.trace_id DESC, linked_roots.span_id DESC
LIMIT {limit:UInt32}`;

/** A page, and the last place of the list that matters of it. */
export interface LinkedRootsPage extends OriginPage {
  readonly last?: OriginPosition | undefined;
}

/** The newest linked roots of a page, at most `limit`, whatever caused them. */
export async function linkedRoots(
  store: Store,
  { from, to, after, last, limit, ...reading }: LinkedRootsPage,
): Promise<LinkedRoot[]> {
  const untilNs = after?.startNs ?? String(BigInt(Date.parse(to)) * 1_000_000n);
  const params = { from, to, sinceNs: last?.startNs ?? "0", untilNs, limit };
  const roots = await store.query<LinkedRoot>(ROOTS_SQL, params, within(BOUNDS, reading));
  return after ? roots.filter((root) => comesBefore(after, root)) : roots;
}

/** Whether a place of the list, the newest first, comes before another. */
export function comesBefore(a: OriginPosition, b: OriginPosition): boolean {
  const [first, second] = [BigInt(a.startNs), BigInt(b.startNs)];
  if (first !== second) return first > second;
  return a.traceId + a.spanId > b.traceId + b.spanId;
}

const NEAR_SQL = `
SELECT DISTINCT xxHash32(trace_id) AS ref
FROM flow_origins
WHERE start_time >= fromUnixTimestamp64Nano({sinceNs:Int64}) AND start_time <= fromUnixTimestamp64Nano({untilNs:Int64})
  AND ref IN {refs:Array(UInt32)}`;

/** Those of the roots of which no cause that they name is stored. Nearly all have one among the flows just before. */
export async function withoutCauses(
  store: Store,
  roots: readonly LinkedRoot[],
  reading: Reading,
): Promise<OriginPosition[]> {
  const [newest, oldest] = [roots[0], roots.at(-1)];
  if (newest === undefined || oldest === undefined) return [];
  const refs = [...new Set(roots.flatMap(({ causes }) => causes))];
  const params = { sinceNs: String(BigInt(oldest.startNs) - NEAR_NS), untilNs: newest.startNs, refs };
  const near = await store.query<{ ref: number }>(NEAR_SQL, params, within(BOUNDS, reading));
  const stored = new Set(near.map(({ ref }) => ref));
  const isCaused = ({ causes }: LinkedRoot) => causes.some((ref) => stored.has(ref));
  const left = roots.filter((root) => !isCaused(root));
  if (left.length === 0) return [];
  const index = await new TraceIndex(store).tracesOf([...new Set(left.flatMap(({ causes }) => causes))], reading);
  for (const ref of index.keys()) stored.add(ref);
  return left.filter((root) => !isCaused(root)).map(({ startNs, traceId, spanId }) => ({ startNs, traceId, spanId }));
}
