/** Instants between their wire form (ISO 8601, nine fractional digits) and milliseconds since the epoch. */

/** What was converted last: instants of one flow lie close together, and dates are slow to read and to write. */
const parsed = { second: "", ms: 0 };
const written = { second: Number.NaN, text: "" };

/** Milliseconds since the epoch, exact to a quarter of a microsecond: what a double holds. */
export function toMs(instant: string): number {
  const second = instant.slice(0, 19);
  if (second !== parsed.second) {
    parsed.second = second;
    parsed.ms = Date.parse(`${second}Z`);
  }
  return parsed.ms + Number(instant.slice(20, 29)) / 1e6;
}

/** The wire form of milliseconds since the epoch. */
export function fromMs(ms: number): string {
  const wholeMs = Math.floor(ms);
  const nanos = Math.round((ms - wholeMs) * 1e6);
  if (nanos === 1e6) return fromMs(wholeMs + 1);
  const second = Math.floor(wholeMs / 1000);
  if (second !== written.second) {
    written.text = new Date(second * 1000).toISOString().slice(0, 19);
    written.second = second;
  }
  return `${written.text}.${String((wholeMs - second * 1000) * 1e6 + nanos).padStart(9, "0")}Z`;
}
