/**
 * Instants of the API are ISO 8601 strings with nine fractional digits. The UI needs two things of them:
 * differences (relative milliseconds, exact to a nanosecond) and a wall clock to show.
 */

/**
 * Returns milliseconds from `base` to `instant`, fractions included.
 *
 * Whole milliseconds and the six digits below them are subtracted apart, because milliseconds since the
 * epoch with nanoseconds behind the point do not fit a number.
 */
export function millisBetween(base: string, instant: string): number {
  if (base !== known.base) known = { base, wholeMs: epochMillis(base), nanos: subMillis(base) };
  return epochMillis(instant) - known.wholeMs + (subMillis(instant) - known.nanos) / 1e6;
}

/** The base parsed last: all of a flow's thousands of instants are told from one. */
let known = { base: "", wholeMs: 0, nanos: 0 };

/** Returns milliseconds since the epoch, cut to a whole millisecond. */
export function epochMillis(instant: string): number {
  return Date.parse(toMillis(instant));
}

/** Returns the instant `offsetMs` after `base`, with nine fractional digits. */
export function addMillis(base: string, offsetMs: number): string {
  const totalNanos = subMillis(base) + Math.round(offsetMs * 1e6);
  const wholeMs = Math.floor(totalNanos / 1e6);
  const iso = new Date(epochMillis(base) + wholeMs).toISOString();
  return `${iso.slice(0, 23)}${String(totalNanos - wholeMs * 1e6).padStart(6, "0")}Z`;
}

const toMillis = (instant: string): string => `${instant.slice(0, 23)}Z`;
const subMillis = (instant: string): number => Number(instant.slice(23, 29));
