/** A time range of a rollup: the whole quarters of days in it, and at both its ends whole hours and minutes. */

const MINUTE_S = 60;
const HOUR_S = 3600;
const QUARTER_S = 21_600;
/** Of ClickHouse's DateTime. */
const INSTANT_MAX_S = 2 ** 32 - 1;

/** In ISO 8601; whole minutes, from that of `from` on, which begin before `to`. */
export interface MinuteRange {
  readonly from: string;
  readonly to: string;
}

/** The rows of a rollup (`schema/sql/005_function_minutes.sql`) that are in the range, each moment of it in one. */
export const IN_ROLLUP_RANGE = `(
    step_s = ${QUARTER_S} AND minute >= toDateTime({firstQuarter:UInt32}) AND minute < toDateTime({endQuarter:UInt32})
    OR step_s = ${HOUR_S} AND (
      minute >= toDateTime({firstHour:UInt32}) AND minute < toDateTime({firstQuarter:UInt32})
      OR minute >= toDateTime({endQuarter:UInt32}) AND minute < toDateTime({endHour:UInt32})
    )
    OR step_s = ${MINUTE_S} AND (
      minute >= toDateTime({first:UInt32}) AND minute < toDateTime({firstHour:UInt32})
      OR minute >= toDateTime({endHour:UInt32}) AND minute < toDateTime({end:UInt32})
    )
  )`;

/** The parameters of {@link IN_ROLLUP_RANGE}; no row that is read reaches over a step of `stepS`. */
export function rollupRange({ from, to }: MinuteRange, stepS = QUARTER_S): Record<string, number> {
  const first = within(Math.floor(Date.parse(from) / 1000 / MINUTE_S) * MINUTE_S);
  const end = within(Math.ceil(Date.parse(to) / 1000));
  const [firstHour, endHour] = wholeSteps(first, end, HOUR_S, stepS);
  const [firstQuarter, endQuarter] = wholeSteps(firstHour, endHour, QUARTER_S, stepS);
  return { first, firstHour, firstQuarter, endQuarter, endHour, end };
}

/** Where the whole rows between two instants begin and end; both where the range ends if none is of use. */
function wholeSteps(first: number, end: number, rowS: number, stepS: number): readonly [number, number] {
  const [firstWhole, endWhole] = [Math.ceil(first / rowS) * rowS, Math.floor(end / rowS) * rowS];
  return stepS % rowS === 0 && firstWhole < endWhole ? [firstWhole, endWhole] : [end, end];
}

function within(instantS: number): number {
  return Math.min(Math.max(instantS, 0), INSTANT_MAX_S);
}
