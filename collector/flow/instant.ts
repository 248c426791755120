/** Instants between their wire form (ISO 8601, nine fractional digits) and milliseconds since the epoch. */

const MS_PER_DAY = 86_400_000;
/** Of `2026-11-21T`. */
const DAY_LENGTH = 11;
const ZERO = "0".charCodeAt(0);

/** The days that were converted last: a flow seldom has more than one, and dates are slow to read and to write. */
const parsed = { day: "", ms: 0 };
const written = { day: Number.NaN, text: "" };
/** The instant that was written last: all messages of one sending have one. */
const last = { ms: Number.NaN, text: "" };

/** Milliseconds since the epoch, exact to a quarter of a microsecond: what a double holds. */
export function toMs(instant: string): number {
  if (parsed.day === "" || !instant.startsWith(parsed.day)) {
    parsed.day = instant.slice(0, DAY_LENGTH);
    parsed.ms = Date.parse(`${parsed.day}00:00:00Z`);
  }
  const seconds = digits(instant, 11, 13) * 3_600 + digits(instant, 14, 16) * 60 + digits(instant, 17, 19);
  return parsed.ms + seconds * 1_000 + digits(instant, 20, 29) / 1e6;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + text.charCodeAt(at) - ZERO;
  return value;
}

/** The wire form of milliseconds since the epoch. */
export function fromMs(ms: number): string {
  if (ms !== last.ms) {
    last.text = textOf(ms);
    last.ms = ms;
  }
  return last.text;
}

function textOf(ms: number): string {
  const wholeMs = Math.floor(ms);
  const nanos = Math.round((ms - wholeMs) * 1e6);
  if (nanos === 1e6) return textOf(wholeMs + 1);
  const day = Math.floor(wholeMs / MS_PER_DAY);
  if (day !== written.day) {
    written.text = new Date(day * MS_PER_DAY).toISOString().slice(0, DAY_LENGTH);
    written.day = day;
  }
  const inDayMs = wholeMs - day * MS_PER_DAY;
  const second = Math.floor(inDayMs / 1_000);
  const clock = `${padded(Math.floor(second / 3_600))}:${padded(Math.floor(second / 60) % 60)}:${padded(second % 60)}`;
  return `${written.text}${clock}.${String((inDayMs - second * 1_000) * 1e6 + nanos).padStart(9, "0")}Z`;
}

function padded(value: number): string {
  return value < 10 ? `0${String(value)}` : String(value);
}
