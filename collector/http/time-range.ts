/** The time range that most routes take. */
import { invalid } from "./api-error.ts";

const defaultRangeMs = 3_600_000;

/** From one instant, included, to another, left out. */
export interface TimeRange {
  /** ISO 8601, UTC. */
  readonly from: string;
  /** ISO 8601, UTC. */
  readonly to: string;
}

interface DurationQuery {
  readonly minDurationMs?: number | undefined;
  readonly maxDurationMs?: number | undefined;
}

interface RangeQuery extends DurationQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * Refuses bounds of durations between which nothing is.
 *
 * @throws ApiError where the least is more than the most
 */
export function checkDurations({ minDurationMs = 0, maxDurationMs = Infinity }: DurationQuery): void {
  if (minDurationMs > maxDurationMs) throw invalid("minDurationMs", "must not be more than maxDurationMs");
}

/**
 * Fills in the defaults: up to now, and one hour.
 *
 * @throws ApiError where the range, or that of durations beside it, is empty
 */
export function timeRange(query: RangeQuery, nowMs: number): TimeRange {
  checkDurations(query);
  const toMs = query.to === undefined ? nowMs : Date.parse(query.to);
  const fromMs = query.from === undefined ? toMs - defaultRangeMs : Date.parse(query.from);
  if (fromMs >= toMs) throw invalid("from", `must be before to (${new Date(toMs).toISOString()})`);
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
