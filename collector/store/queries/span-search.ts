/** Spans that match a filter, newest first: first where they are, then what they hold. */
import type { Span } from "../../../schema/flow.ts";
import type { QueryBounds, Store } from "../store.ts";
import type { OriginPosition } from "./flow-origins.ts";
import type { AttributePlace } from "./attribute-sql.ts";
import { firstFound, spanCondition, type SpanFilter } from "./span-filter.ts";
import { SPAN_COLUMNS, spanReader, type SpanRow } from "./span-row.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 2 * 1024 ** 3 };

export interface SpanSearch {
  readonly filter: SpanFilter;
  readonly after?: OriginPosition | undefined;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Positions of the matching spans, at most `limit`, newest first. Attributes are looked for where indexes help, on
 * the spans themselves; only what is nowhere there is looked for among resources.
 */
export async function findSpans(store: Store, search: SpanSearch): Promise<OriginPosition[]> {
  return firstFound(search.filter, (place) => findSpansIn(store, search, place));
}

async function findSpansIn(store: Store, search: SpanSearch, place: AttributePlace): Promise<OriginPosition[]> {
  const { filter, after, limit, signal } = search;
  const condition = spanCondition(filter, place);
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
WHERE ${condition.sql}
${next ? "AND (start_time, spans.trace_id, spans.span_id) < (fromUnixTimestamp64Nano({afterNs:Int64}), toFixedString(unhex({afterTrace:String}), 16), toFixedString(unhex({afterSpan:String}), 8))" : ""}
ORDER BY spans.start_time DESC, spans.trace_id DESC, spans.span_id DESC
LIMIT {limit:UInt32}`;
  const params = { ...condition.params, ...next, limit };
  return store.query<OriginPosition>(sql, params, { bounds: BOUNDS, ...(signal && { signal }) });
}

const AT_SQL = `
SELECT
  ${SPAN_COLUMNS}
FROM spans
WHERE (toStartOfHour(spans.start_time), spans.trace_id) IN
(
    SELECT toStartOfHour(fromUnixTimestamp64Nano(toInt64(tupleElement(place, 1)))), toFixedString(unhex(tupleElement(place, 2)), 16)
    FROM (SELECT arrayJoin(arrayZip({starts:Array(String)}, {traceIds:Array(String)})) AS place)
)
AND spans.span_id IN (SELECT toFixedString(unhex(arrayJoin({spanIds:Array(String)})), 8))`;

/** The spans at these positions, in their order. */
export async function spansAt(
  store: Store,
  positions: readonly OriginPosition[],
  signal?: AbortSignal,
): Promise<Span[]> {
  if (positions.length === 0) return [];
  const params = {
    starts: positions.map(({ startNs }) => startNs),
    traceIds: positions.map(({ traceId }) => traceId),
    spanIds: positions.map(({ spanId }) => spanId),
  };
  const rows = await store.query<SpanRow>(AT_SQL, params, { bounds: BOUNDS, ...(signal && { signal }) });
  const read = spanReader();
  const byId = new Map(rows.map((row) => [row.trace_id + row.span_id, read(row)]));
  return positions.flatMap(({ traceId, spanId }) => byId.get(traceId + spanId) ?? []);
}
