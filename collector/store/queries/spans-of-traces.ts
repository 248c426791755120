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

const sqlOf = (columns: string, condition = "") => `
WITH asked AS
(
    SELECT trace_id, min(first_hour) AS first, max(last_hour) AS last
    FROM trace_index
    WHERE (xxHash32(trace_id), trace_id) IN
    (
        SELECT xxHash32(id), id
        FROM (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16) AS id)
    )
    GROUP BY trace_id
)
SELECT
  ${columns}
FROM spans
WHERE (toStartOfHour(spans.start_time), spans.trace_id) IN
(
    SELECT first + toIntervalHour(arrayJoin(range(least(dateDiff('hour', first, last) + 1, ${String(HOURS_PER_TRACE_MAX)})))), trace_id
    FROM asked
) ${condition}
ORDER BY toStartOfHour(spans.start_time), spans.trace_id, spans.start_time
LIMIT {limit:UInt32}`;

const SQL = sqlOf(SPAN_COLUMNS);

/** Spans of the traces, at most `limit` of them. */
export async function spansOfTraces(store: Store, asked: SpansOfTraces): Promise<Span[]> {
  const read = spanReader();
  const spans: Span[] = [];
  await eachRow<SpanRow>(store, SQL, asked, (row) => spans.push(read(row)));
  return spans;
}

const ONE_SQL = sqlOf(SPAN_COLUMNS, "AND spans.span_id = toFixedString(unhex({spanId:String}), 8)");

export interface SpanOfTrace extends Reading {
  readonly traceId: string;
  readonly spanId: string;
}

/** One span; undefined where it is not stored. */
export async function spanOfTrace(
  store: Store,
  { traceId, spanId, ...reading }: SpanOfTrace,
): Promise<Span | undefined> {
  const params = { traceIds: [traceId], spanId, limit: 1 };
  const [row] = await store.query<SpanRow>(ONE_SQL, params, within(BOUNDS, reading));
  return row && spanReader()(row);
}

/** Gives `onRow` these columns of the traces' spans, at most `limit` rows. */
export async function rowsOfTraces<Row>(
  store: Store,
  columns: string,
  asked: SpansOfTraces,
  onRow: (row: Row) => void,
): Promise<void> {
  await eachRow(store, sqlOf(columns), asked, onRow);
}

async function eachRow<Row>(
  store: Store,
  sql: string,
  { traceIds, limit, ...reading }: SpansOfTraces,
  onRow: (row: Row) => void,
): Promise<void> {
  let left = limit;
  for (let at = 0; at < traceIds.length && left > 0; at += TRACES_PER_QUERY_MAX) {
    const params = { traceIds: traceIds.slice(at, at + TRACES_PER_QUERY_MAX), limit: left };
    const take = (row: Row) => {
      left -= 1;
      onRow(row);
    };
    await store.query<Row>(sql, params, { ...within(BOUNDS, reading), onRow: take });
  }
}
