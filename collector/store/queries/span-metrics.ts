/** Rates, errors and durations of services over time, out of their spans. */
import type { QueryBounds, Store } from "../store.ts";
import { atMost, within, type Reading } from "./reading.ts";
import { SPAN_RANGE_SQL } from "./time-range-sql.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 2 * 1024 ** 3 };
/** Points of one answer. */
const POINTS_MAX = 200_000;

/** Spans of these services and kinds in a range of ISO 8601, by steps of so many milliseconds. */
export interface SpanMetrics extends Reading {
  readonly services: readonly string[];
  /** OTLP's numbers. */
  readonly kinds: readonly number[];
  readonly from: string;
  readonly to: string;
  readonly stepMs: number;
  readonly byOperation: boolean;
  /** 0 to 1. */
  readonly quantile: number;
}

/** What a service, or one of its operations, did in one step. */
export interface MetricPoint {
  readonly service: string;
  /** '' where operations are not told apart. */
  readonly operation: string;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly calls: number;
  readonly errors: number;
  /** Of the quantile. */
  readonly durationMs: number;
}

interface Row extends Omit<MetricPoint, "calls" | "errors" | "timeMs"> {
  readonly step: string;
  readonly calls: string;
  readonly errors: string;
}

/** A point for each step in which there were spans, in the order of time. */
export async function spanMetrics(store: Store, asked: SpanMetrics): Promise<MetricPoint[]> {
  const { services, kinds, from, to, stepMs, byOperation, quantile } = asked;
  const sql = `
SELECT toString(service_name) AS service, ${byOperation ? "toString(name)" : "''"} AS operation,
    intDiv(toUnixTimestamp64Milli(start_time), {stepMs:UInt64}) AS step, count() AS calls,
    countIf(status_code = 2) AS errors, quantileTDigest({quantile:Float64})(duration_ns) / 1e6 AS "durationMs"
FROM spans
WHERE service_name IN {services:Array(String)} AND kind IN {kinds:Array(UInt8)}
  AND ${SPAN_RANGE_SQL}
GROUP BY service, operation, step
ORDER BY step, service, operation
LIMIT ${String(POINTS_MAX + 1)}`;
  const params = { services, kinds, from, to, stepMs, quantile };
  const rows = await store.query<Row>(sql, params, within(BOUNDS, asked));
  return atMost(rows, { limit: POINTS_MAX, name: "points", onCut: asked.onCut }).map(({ step, calls, errors, ...point }) => ({
    ...point,
    timeMs: Number(step) * stepMs,
    calls: Number(calls),
    errors: Number(errors),
  }));
}
