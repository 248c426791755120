/** One function over time, from the rollup. */
import type { FunctionSeriesResponse } from "../../../schema/api.ts";
import type { QueryBounds, Store } from "../store.ts";
import { within, type Reading } from "./reading.ts";
import { IN_ROLLUP_RANGE, rollupRange, type MinuteRange } from "./rollup-range.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 100_000_000, memoryBytes: 1024 ** 3 };

/** One function, of one service or of all, over a range. */
export interface FunctionSeries extends Reading, MinuteRange {
  readonly name: string;
  readonly service?: string | undefined;
  /** Seconds, whole minutes. */
  readonly stepS: number;
}

interface PointRow {
  readonly step: string;
  readonly counts: readonly string[];
  readonly duration: readonly (number | string)[];
  readonly init: readonly (number | string | null)[];
  readonly memory_used: string;
  readonly busy_ms: number;
  readonly gb_seconds_sum: number;
}

/** A point for every step in which the function ran. */
export async function functionSeries(store: Store, series: FunctionSeries): Promise<FunctionSeriesResponse> {
  const { name, service, from, to, stepS } = series;
  const sql = `
SELECT toUnixTimestamp(toStartOfInterval(minute, toIntervalSecond({stepS:UInt32}), 'UTC')) AS step,
    [sum(invocations), sum(errors), sum(timeouts), sum(cold_starts)] AS counts,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_ms) AS duration,
    quantilesTDigestIfMerge(0.5, 0.95)(init_ms) AS init,
    max(memory_used_max) AS memory_used,
    sum(duration_ms_sum) AS busy_ms,
    sum(gb_seconds) AS gb_seconds_sum
FROM function_minutes
WHERE faas_name = {name:String} ${service === undefined ? "" : "AND service_name = {service:String}"}
  AND ${IN_ROLLUP_RANGE}
GROUP BY step
ORDER BY step`;
  const params = { name, ...rollupRange({ from, to }, stepS), stepS, ...(service !== undefined && { service }) };
  const rows = await store.query<PointRow>(sql, params, within(BOUNDS, series));
  return { name, stepS, points: rows.map((row) => toPoint(row, stepS)) };
}

function toPoint(row: PointRow, stepS: number): FunctionSeriesResponse["points"][number] {
  const [invocations = 0, errors = 0, timeouts = 0, coldStarts = 0] = row.counts.map(Number);
  const [p50, p95, p99] = row.duration;
  const [init50, init95] = row.init;
  const hasDuration = typeof p50 === "number" && typeof p95 === "number" && typeof p99 === "number";
  const hasInit = typeof init50 === "number" && typeof init95 === "number";
  return {
    time: new Date(Number(row.step) * 1000).toISOString(),
    invocations,
    errors,
    timeouts,
    coldStarts,
    durationMs: hasDuration ? { p50, p95, p99 } : null,
    initMs: hasInit ? { p50: init50, p95: init95 } : null,
    memoryUsedMax: Number(row.memory_used),
    concurrency: row.busy_ms / (stepS * 1000),
    gbSeconds: row.gb_seconds_sum,
  };
}
