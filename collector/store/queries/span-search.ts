/** Spans that match a filter, newest first: first where they are, then what they hold. */
import type { Span } from "../../../schema/flow.ts";
import type { QueryBounds, QueryOptions, Store } from "../store.ts";
import { Tuple } from "../query-parameter.ts";
import type { OriginPosition } from "./flow-origins.ts";
import { newestFirst, type Range } from "./newest-first.ts";
import { parameterChunks } from "./parameter-chunks.ts";
import { FEW_PLACES, FEW_PLACES_MAX, MANY_PLACES, PLACE } from "./places.ts";
import { LOOK_UP_SETTINGS, within, withinTogether, type Reading } from "./reading.ts";
import { overlap } from "./resources.ts";
import { lastOfSenders, placedFilters, searchPlaces, type PlacedFilter } from "./search-places.ts";
import { slotOf } from "./slots.ts";
import { spanCondition, type SpanFilter } from "./span-filter.ts";
import { SPAN_COLUMNS, spanReader } from "./span-row.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 2 * 1024 ** 3 };

/** Spans that are looked for, a page at a time. */
export interface SpanSearch extends Reading {
  readonly filter: SpanFilter;
  readonly after?: OriginPosition | undefined;
  /** Traces whose spans are not wanted. */
  readonly exceptTraces?: readonly string[];
  readonly limit: number;
}

/** Positions of the matching spans, at most `limit`, newest first. */
export async function findSpans(store: Store, search: SpanSearch): Promise<OriginPosition[]> {
  const { filter, after, limit, ...reading } = search;
  const placed = await placedFilters(store, { filter, ...reading });
  if (placed.length === 0) return [];
  const together = withinTogether(BOUNDS, reading);
  const until = (range: Range) => lastOfSenders(store, { filter, ...reading }, range);
  const range = overlap(filter, untilAfter(filter, after));
  const wanted = { ...range, limit, keyOf: idOf, isCut: together.isCut, until };
  return newestFirst(wanted, async (part) => {
    const options = together.options();
    const found = await searchPlaces(placed, part, (each) => findSpansIn(store, { ...search, options }, each));
    return found.sort(byNewest);
  });
}

function idOf({ traceId, spanId, startNs }: OriginPosition): string {
  return traceId + spanId + startNs;
}

/** The range in which the page after this position is. */
function untilAfter({ from, to }: SpanFilter, after: OriginPosition | undefined): Range {
  return { from, to: after ? new Date(Number(BigInt(after.startNs) / 1_000_000n) + 1).toISOString() : to };
}

function byNewest(a: OriginPosition, b: OriginPosition): number {
  const [ours, others] = [sortKey(a), sortKey(b)];
  return ours === others ? 0 : ours < others ? 1 : -1;
}

/** Sorts as the search does: ids are hex, and the store's instants have 19 digits at most. */
function sortKey({ startNs, traceId, spanId }: OriginPosition): string {
  return startNs.padStart(19, "0") + traceId + spanId;
}

/** All that a place has, or at least `limit`: a span that was sent twice is stored twice, and is one. */
async function findSpansIn(
  store: Store,
  search: SpanSearch & { readonly options: QueryOptions },
  placed: PlacedFilter,
): Promise<OriginPosition[]> {
  const { limit } = search;
  const found = new Map<string, OriginPosition>();
  for (let { after } = search; ; ) {
    const rows = await rowsAfter(store, { ...search, after, limit: limit - found.size }, placed);
    const isAll = rows.length < limit - found.size;
    for (const row of rows) found.set(idOf(row), row);
    if (isAll || found.size >= limit) return [...found.values()];
    after = rows.at(-1);
  }
}

async function rowsAfter(
  store: Store,
  { after, exceptTraces = [], limit, options }: SpanSearch & { readonly options: QueryOptions },
  placed: PlacedFilter,
): Promise<OriginPosition[]> {
  const condition = spanCondition(placed.filter, placed.places);
  const except: Record<string, readonly string[]> = {};
  for (const ids of parameterChunks(exceptTraces, (traceId) => traceId)) {
    except[`except${String(Object.keys(except).length)}`] = ids;
  }
  const next = after && {
    afterNs: after.startNs,
    afterTrace: after.traceId,
    afterSpan: after.spanId,
  };
  const sql = `
SELECT
    toString(toUnixTimestamp64Nano(start_time)) AS "startNs",
    lower(hex(spans.trace_id)) AS "traceId",
    lower(hex(spans.span_id)) AS "spanId"
FROM spans
${condition.sql}
${next ? "AND (start_time, spans.trace_id, spans.span_id) < (fromUnixTimestamp64Nano({afterNs:Int64}), toFixedString(unhex({afterTrace:String}), 16), toFixedString(unhex({afterSpan:String}), 8))" : ""}
${Object.keys(except).map(exceptSql).join("\n")}
ORDER BY spans.start_time DESC, spans.trace_id DESC, spans.span_id DESC
LIMIT {limit:UInt32}`;
  const params = { ...condition.params, ...next, ...except, limit };
  return store.query<OriginPosition>(sql, params, options);
}

function exceptSql(parameter: string): string {
  return `AND spans.trace_id NOT IN (SELECT toFixedString(unhex(arrayJoin({${parameter}:Array(String)})), 16))`;
}

/** How many spans match, counted up to `limit`; one that has an attribute itself and of its resource counts twice. */
export async function countSpans(store: Store, search: Omit<SpanSearch, "after">): Promise<number> {
  const { filter, limit, ...reading } = search;
  const placed = await placedFilters(store, { filter, ...reading });
  const counted = await searchPlaces(placed, filter, async (each) => {
    const condition = spanCondition(each.filter, each.places);
    const sql = `SELECT count() AS spans FROM (SELECT 1 FROM spans ${condition.sql} LIMIT {limit:UInt32})`;
    return store.query<{ spans: string }>(sql, { ...condition.params, limit }, within(BOUNDS, reading));
  });
  return Math.min(limit, counted.reduce((sum, { spans }) => sum + Number(spans), 0));
}

/** Of few places what to read first is said, and their blocks are kept. */
const FEW_AT_SQL = `
SELECT
  ${SPAN_COLUMNS}
FROM spans
PREWHERE ${PLACE} IN ${FEW_PLACES}
  AND spans.span_id IN {ids:Array(FixedString(8))}
${LOOK_UP_SETTINGS}`;
const MANY_AT_SQL = `
SELECT
  ${SPAN_COLUMNS}
FROM spans
WHERE ${PLACE} IN ${MANY_PLACES}
AND spans.span_id IN (SELECT toFixedString(unhex(arrayJoin({spanIds:Array(String)})), 8))`;

/** The spans at these positions, in their order. */
export async function spansAt(
  store: Store,
  positions: readonly OriginPosition[],
  reading: Reading = {},
): Promise<Span[]> {
  if (positions.length === 0) return [];
  const slots = positions.map(({ startNs }) => slotOf(startNs));
  const traceIds = positions.map(({ traceId }) => traceId);
  const places = traceIds.map((traceId, at) => new Tuple(slots[at], Buffer.from(traceId, "hex")));
  const spanIds = positions.map(({ spanId }) => spanId);
  const ids = spanIds.map((spanId) => Buffer.from(spanId, "hex"));
  const isFew = positions.length <= FEW_PLACES_MAX;
  const [sql, params] = isFew ? [FEW_AT_SQL, { places, ids }] : [MANY_AT_SQL, { slots, traceIds, spanIds }];
  const blocks = await store.queryBlocks(sql, params, within(BOUNDS, reading));
  // One whose clock is wild is stored at its arrival, and so at several instants where it is sent again.
  const byPlace = new Map(blocks.flatMap(spanReader()).map((span) => [placeOf(span), span]));
  return positions.flatMap((position) => byPlace.get(idOf(position)) ?? []);
}

/** As {@link idOf} of its position. */
function placeOf({ traceId, spanId, startTime }: Span): string {
  const startNs = BigInt(Date.parse(`${startTime.slice(0, 19)}Z`)) * 1_000_000n + BigInt(startTime.slice(20, 29));
  return traceId + spanId + String(startNs);
}
