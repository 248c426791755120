/** A range of time as a condition on rows of `spans`. */
import { slotSql } from "./slots.ts";

/** Instants that a slot can have: before and after, its 32 bits begin anew. */
const SLOTS_FROM = "toDateTime64('1970-01-01 00:00:00', 9, 'UTC')";
const SLOTS_TO = "toDateTime64('2106-02-07 00:00:00', 9, 'UTC')";

/**
 * Spans that began at or after one instant and before another, expressions both. The slots are said as well: of
 * `start_time` alone the store does not see that its rows lie in their order, and reads all of a part.
 */
export function spanRangeSql(from: string, to: string): string {
  return `${slotSql("start_time")} >= ${slotSql(`greatest(${from}, ${SLOTS_FROM})`)}
  AND ${slotSql("start_time")} <= ${slotSql(`least(${to}, ${SLOTS_TO})`)}
  AND start_time >= ${from} AND start_time < ${to}`;
}

/** The same from the parameter `from` until the parameter `to`, ISO 8601 each. */
export const SPAN_RANGE_SQL = spanRangeSql(
  "parseDateTime64BestEffort({from:String}, 9, 'UTC')",
  "parseDateTime64BestEffort({to:String}, 9, 'UTC')",
);
