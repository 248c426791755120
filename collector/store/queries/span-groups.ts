/** Spans grouped by the value of an attribute, and by time and duration. */
import type { HeatmapResponse, SpanGroupsResponse } from "../../../schema/api.ts";
import type { QueryBounds, Store } from "../store.ts";
import { atMost, within, type Reading } from "./reading.ts";
import { attributeSql } from "./attribute-sql.ts";
import { placedCondition } from "./search-places.ts";
import type { SpanFilter } from "./span-filter.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 2 * 1024 ** 3 };

/** Spans, the attribute (or column) whose values part them, and how many groups are wanted. */
export interface SpanGroups extends Reading {
  readonly filter: SpanFilter;
  readonly by: string;
  readonly limit: number;
}

interface GroupRow {
  readonly value: string;
  readonly spans: string;
  readonly errors: string;
  readonly quantiles: readonly [number, number, number];
}

/** The values with most spans, and how these spans did. */
export async function groupSpans(
  store: Store,
  { filter, by, limit, ...reading }: SpanGroups,
): Promise<SpanGroupsResponse> {
  const condition = await placedCondition(store, { filter, ...reading });
  const value = attributeSql(by, "by");
  const sql = `
SELECT ${value.sql} AS value, count() AS spans, countIf(status_code = 2) AS errors,
    arrayMap(ns -> ns / 1e6, quantilesTDigest(0.5, 0.95, 0.99)(duration_ns)) AS quantiles
FROM spans
${condition.sql}
GROUP BY value
ORDER BY spans DESC, value
LIMIT {limit:UInt32}`;
  const params = { ...condition.params, ...value.params, limit: limit + 1 };
  const rows = await store.query<GroupRow>(sql, params, within(BOUNDS, reading));
  const kept = atMost(rows, { limit, name: "groups", onCut: reading.onCut });
  const groups = kept.map(({ value, spans, errors, quantiles: [p50, p95, p99] }) => ({
    value,
    count: Number(spans),
    errors: Number(errors),
    durationMs: { p50, p95, p99 },
  }));
  return { groups };
}

/** Spans, and into how many columns their range is cut. */
export interface Heatmap extends Reading {
  readonly filter: SpanFilter;
  readonly columns: number;
}

interface CellRow {
  readonly column: string;
  readonly power: number;
  readonly spans: string;
  readonly errors: string;
}

/** How many spans began in each column of time, by durations that double from row to row. */
export async function heatmap(store: Store, { filter, columns, ...reading }: Heatmap): Promise<HeatmapResponse> {
  const columnMs = (Date.parse(filter.to) - Date.parse(filter.from)) / columns;
  const condition = await placedCondition(store, { filter, ...reading });
  const sql = `
SELECT intDiv(toUnixTimestamp64Nano(start_time) - toUnixTimestamp64Nano(parseDateTime64BestEffort({origin:String}, 9, 'UTC')), {columnNs:UInt64}) AS column,
    toInt32(floor(log2(greatest(duration_ns, 1000)))) AS power, count() AS spans, countIf(status_code = 2) AS errors
FROM spans
${condition.sql}
GROUP BY column, power
ORDER BY column, power`;
  const columnNs = String(Math.max(1, Math.round(columnMs * 1e6)));
  const params = { ...condition.params, origin: filter.from, columnNs };
  const rows = await store.query<CellRow>(sql, params, within(BOUNDS, reading));
  const cells = rows.map(({ column, power, spans, errors }) => ({
    column: Math.min(Number(column), columns - 1),
    fromMs: 2 ** power / 1e6,
    count: Number(spans),
    errors: Number(errors),
  }));
  return { from: filter.from, columnMs, cells };
}
