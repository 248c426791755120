/** Instants between their wire form (ISO 8601, nine fractional digits) and milliseconds since the epoch. */

/** Milliseconds since the epoch, exact to a quarter of a microsecond: what a double holds. */
export function toMs(instant: string): number {
  return Date.parse(instant) + Number(instant.slice(23, 29)) / 1e6;
}

/** The wire form of milliseconds since the epoch. */
export function fromMs(ms: number): string {
  const wholeMs = Math.floor(ms);
  const nanos = Math.round((ms - wholeMs) * 1e6);
  if (nanos === 1e6) return fromMs(wholeMs + 1);
  return `${new Date(wholeMs).toISOString().slice(0, 23)}${String(nanos).padStart(6, "0")}Z`;
}
