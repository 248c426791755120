/** A time range of a rollup: the whole hours in it, and the minutes at both its ends. */

const MINUTE_S = 60;
const HOUR_S = 3600;
/** Of ClickHouse's DateTime. */
const INSTANT_MAX_S = 2 ** 32 - 1;

/** In ISO 8601; whole minutes, from that of `from` on, which begin before `to`. */
export interface MinuteRange {
  readonly from: string;
  readonly to: string;
}

/** The rows of a rollup (`schema/sql/005_function_minutes.sql`) that are in the range, each moment of it in one. */
export const IN_ROLLUP_RANGE = `(
    step_s = ${HOUR_S} AND minute >= toDateTime({firstHour:UInt32}) AND minute < toDateTime({endHour:UInt32})
    OR step_s = ${MINUTE_S} AND (
      minute >= toDateTime({first:UInt32}) AND minute < toDateTime({firstHour:UInt32})
      OR minute >= toDateTime({endHour:UInt32}) AND minute < toDateTime({end:UInt32})
    )
  )`;

/** The parameters of {@link IN_ROLLUP_RANGE}; without `isByHour`, minutes alone are read. */
export function rollupRange({ from, to }: MinuteRange, { isByHour = true } = {}): Record<string, number> {
  const first = within(Math.floor(Date.parse(from) / 1000 / MINUTE_S) * MINUTE_S);
  const end = within(Math.ceil(Date.parse(to) / 1000));
  const firstHour = Math.ceil(first / HOUR_S) * HOUR_S;
  const endHour = Math.floor(end / HOUR_S) * HOUR_S;
  // Without a whole hour, its empty range is where the minutes end.
  const hours = isByHour && firstHour < endHour ? { firstHour, endHour } : { firstHour: end, endHour: end };
  return { first, end, ...hours };
}

function within(instantS: number): number {
  return Math.min(Math.max(instantS, 0), INSTANT_MAX_S);
}
