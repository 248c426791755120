/** A range of time as a condition on rows of `spans`. */

/** Instants that a slot can have: before and after, its 32 bits begin anew. */
const SLOTS_FROM = "toDateTime64('1970-01-01 00:00:00', 9, 'UTC')";
const SLOTS_TO = "toDateTime64('2106-02-07 00:00:00', 9, 'UTC')";

const FROM = "parseDateTime64BestEffort({from:String}, 9, 'UTC')";
const TO = "parseDateTime64BestEffort({to:String}, 9, 'UTC')";

/**
 * Spans that began at or after the parameter `from` and before `to`, ISO 8601 each. The slots are said as well: of
 * `start_time` alone the store does not see that its rows lie in their order, and looks at all of a part.
 */
export const SPAN_RANGE_SQL = `toStartOfFiveMinutes(start_time) >= toStartOfFiveMinutes(greatest(${FROM}, ${SLOTS_FROM}))
  AND toStartOfFiveMinutes(start_time) <= toStartOfFiveMinutes(least(${TO}, ${SLOTS_TO}))
  AND start_time >= ${FROM}
  AND start_time < ${TO}`;
