/** The spans of traces, found by the trace index: only the hours in which a trace has spans are read. */
import type { Span } from "../../../schema/flow.ts";
import type { QueryBounds, Store } from "../store.ts";
import { within, type Reading } from "./reading.ts";
import { SPAN_COLUMNS, spanReader, type SpanRow } from "./span-row.ts";

/** Ids of one statement: they travel in its URL, of which a server takes 1 MiB. */
const TRACES_PER_QUERY_MAX = 5_000;
/** Hours of one trace that are read at most: a month. */
const HOURS_PER_TRACE_MAX = 744;
const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 50_000_000, memoryBytes: 2 * 1024 ** 3 };

export interface SpansOfTraces extends Reading {
  readonly traceIds: readonly string[];
  /** Spans at most; the first by time of each trace come first. */
  readonly limit: number;
}

const SQL = `
WITH asked AS
(
    SELECT trace_id, toStartOfHour(min(min_start)) AS first, toStartOfHour(max(max_start)) AS last
    FROM trace_index
    WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
    GROUP BY trace_id
)
SELECT
  ${SPAN_COLUMNS}
FROM spans
WHERE (toStartOfHour(spans.start_time), spans.trace_id) IN
(
    SELECT first + toIntervalHour(arrayJoin(range(least(dateDiff('hour', first, last) + 1, ${String(HOURS_PER_TRACE_MAX)})))), trace_id
    FROM asked
)
ORDER BY toStartOfHour(spans.start_time), spans.trace_id, spans.start_time
LIMIT {limit:UInt32}`;

/** Spans of the traces, at most `limit` of them. */
export async function spansOfTraces(store: Store, { traceIds, limit, ...reading }: SpansOfTraces): Promise<Span[]> {
  const read = spanReader();
  const spans: Span[] = [];
  for (let at = 0; at < traceIds.length && spans.length < limit; at += TRACES_PER_QUERY_MAX) {
    const params = { traceIds: traceIds.slice(at, at + TRACES_PER_QUERY_MAX), limit: limit - spans.length };
    const rows = await store.query<SpanRow>(SQL, params, within(BOUNDS, reading));
    for (const row of rows) spans.push(read(row));
  }
  return spans;
}
