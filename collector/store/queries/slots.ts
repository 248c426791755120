/**
 * Slots of time: `spans` is sorted by them and by trace within one, so that the rows of a trace lie together, and near
 * them those of traces of the same seconds, which a page of flows reads.
 */

/** Long enough that most flows lie in one or two, short enough that one has few spans of others. */
export const SECONDS_PER_SLOT = 15;

/** The number of the slot that an instant is in, an expression each: as in the sort key of `spans`. */
export function slotSql(instant: string): string {
  return `intDiv(toUInt32(toDateTime(${instant})), ${String(SECONDS_PER_SLOT)})`;
}

/** The same of nanoseconds since the epoch; no stored instant is before 1970. */
export function slotOf(unixNano: string): number {
  return Number(BigInt(unixNano) / 1_000_000_000n / BigInt(SECONDS_PER_SLOT));
}
