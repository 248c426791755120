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
  // A flow's instants share few minutes: only those are parsed as dates, the digits behind them by hand.
  const minute = instant.slice(0, MINUTE_CHARS);
  if (minute !== knownMinute.text) knownMinute = { text: minute, epochMs: Date.parse(`${minute}00.000Z`) };
  return knownMinute.epochMs + digits(instant, MINUTE_CHARS, 2) * 1000 + digits(instant, MINUTE_CHARS + 3, 3);
}

/** Of `2026-11-21T12:00:01.204000000Z`, what is before the seconds. */
const MINUTE_CHARS = "2026-11-21T12:00:".length;
let knownMinute = { text: "", epochMs: 0 };

/** The number that `count` digits from `at` on are; those that are not there count as 0. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    value = value * 10 + (digit >= 0 && digit <= 9 ? digit : 0);
  }
  return value;
}

/** Returns the instant `offsetMs` after `base`, with nine fractional digits. */
export function addMillis(base: string, offsetMs: number): string {
  const totalNanos = subMillis(base) + Math.round(offsetMs * 1e6);
  const wholeMs = Math.floor(totalNanos / 1e6);
  const iso = new Date(epochMillis(base) + wholeMs).toISOString();
  return `${iso.slice(0, 23)}${String(totalNanos - wholeMs * 1e6).padStart(6, "0")}Z`;
}

const subMillis = (instant: string): number => digits(instant, MINUTE_CHARS + 6, 6);
