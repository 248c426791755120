/** The time range that most routes take. */
import { invalid } from "./api-error.ts";

const defaultRangeMs = 3_600_000;

export interface TimeRange {
  /** ISO 8601, UTC. */
  readonly from: string;
  /** ISO 8601, UTC. */
  readonly to: string;
}

/** Fills in the defaults: up to now, and one hour. */
export function timeRange(query: { from?: string | undefined; to?: string | undefined }, nowMs: number): TimeRange {
  const toMs = query.to === undefined ? nowMs : Date.parse(query.to);
  const fromMs = query.from === undefined ? toMs - defaultRangeMs : Date.parse(query.from);
  if (fromMs >= toMs) throw invalid("from", `must be before to (${new Date(toMs).toISOString()})`);
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
