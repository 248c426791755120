/** Traces that hold a matching span, and which services call which. */
import type { QueryBounds, QueryOptions, Store } from "../store.ts";
import { newestFirst, type Range } from "./newest-first.ts";
import { within, withinTogether, type Reading } from "./reading.ts";
import { lastOfSenders, placedFilters, searchPlaces, type PlacedFilter } from "./search-places.ts";
import { spanCondition, type SpanFilter } from "./span-filter.ts";
import { SPAN_RANGE_SQL } from "./time-range-sql.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 2 * 1024 ** 3 };
/** Called spans of which the callers are looked up: enough for true shares. */
const CALLS_SAMPLED_MAX = 200_000;

/** Ids of traces with a span that matches, those with the newest match first. */
export async function findTraces(store: Store, { filter, limit, ...reading }: TraceSearch): Promise<string[]> {
  const placed = await placedFilters(store, { filter, ...reading });
  if (placed.length === 0) return [];
  const { options, isCut } = withinTogether(BOUNDS, reading);
  const until = (range: Range) => lastOfSenders(store, { filter, ...reading }, range);
  const keyOf = ({ traceId }: FoundTrace) => traceId;
  const wanted = { from: filter.from, to: filter.to, limit, keyOf, isCut, until };
  const found = await newestFirst(wanted, async (part) => {
    const bounds = options();
    const traces = await searchPlaces(placed, part, (each) => findTracesIn(store, each, { limit, options: bounds }));
    return traces.sort(byNewest);
  });
  return found.map(({ traceId }) => traceId);
}

function byNewest(a: FoundTrace, b: FoundTrace): number {
  return a.newest === b.newest ? (a.traceId < b.traceId ? -1 : 1) : a.newest < b.newest ? 1 : -1;
}

/** Spans, each of which stands for its trace, and how many traces are wanted. */
export interface TraceSearch extends Reading {
  readonly filter: SpanFilter;
  readonly limit: number;
}

interface FoundTrace {
  readonly traceId: string;
  /** When its newest match began: sorts as a text. */
  readonly newest: string;
}

async function findTracesIn(
  store: Store,
  { filter, places }: PlacedFilter,
  { limit, options }: { readonly limit: number; readonly options: QueryOptions },
): Promise<FoundTrace[]> {
  const condition = spanCondition(filter, places);
  const sql = `
SELECT lower(hex(spans.trace_id)) AS "traceId", toString(max(start_time), 'UTC') AS newest
FROM spans
${condition.sql}
GROUP BY spans.trace_id
ORDER BY newest DESC, spans.trace_id
LIMIT {limit:UInt32}`;
  const params = { ...condition.params, limit };
  return store.query<FoundTrace>(sql, params, options);
}

/** How often `parent` called `child`, or sent to it, both names of services. */
export interface ServiceCall {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

const IS_CALLED_SQL = "kind IN (2, 5) AND parent_span_id != toFixedString('', 8)";

/** How often which service called which, or sent to it, by the parents of the newest called spans. */
export async function serviceCalls(
  store: Store,
  { from, to, ...reading }: { readonly from: string; readonly to: string } & Reading,
): Promise<ServiceCall[]> {
  const sql = `
SELECT caller.service_name AS parent, called.service_name AS child, count() AS calls,
    (
        SELECT count() FROM
        (
            SELECT 1 FROM spans
            WHERE ${SPAN_RANGE_SQL} AND ${IS_CALLED_SQL}
            LIMIT ${String(CALLS_SAMPLED_MAX + 1)}
        )
    ) AS sampled
FROM spans AS caller
INNER JOIN
(
    SELECT trace_id, parent_span_id, service_name
    FROM spans
    WHERE ${SPAN_RANGE_SQL} AND ${IS_CALLED_SQL}
    LIMIT ${String(CALLS_SAMPLED_MAX)}
) AS called ON caller.trace_id = called.trace_id AND caller.span_id = called.parent_span_id
WHERE ${SPAN_RANGE_SQL} AND caller.kind IN (1, 3, 4) AND parent != child
GROUP BY parent, child
ORDER BY calls DESC, parent, child`;
  const rows = await store.query<{ parent: string; child: string; calls: string; sampled: string }>(
    sql,
    { from, to },
    within(BOUNDS, reading),
  );
  if (Number(rows[0]?.sampled ?? 0) > CALLS_SAMPLED_MAX) reading.onCut?.({ limit: "calls", value: CALLS_SAMPLED_MAX });
  return rows.map(({ parent, child, calls }) => ({ parent, child, callCount: Number(calls) }));
}
