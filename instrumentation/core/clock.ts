import type { TimeInput } from "@opentelemetry/api";

/** Difference between the monotonic and the wall clock that is taken as a freeze or a correction, milliseconds. */
const DRIFT_MAX_MS = 5;
/** Values below this are readings of `performance.now()`, not instants: 1973 in milliseconds. */
const INSTANT_MIN_MS = 1e11;

let offsetMs = performance.timeOrigin;

/** Now: milliseconds since the epoch with a fraction, monotonic between two calls of {@link syncClock}. */
export function nowMs(): number {
  return offsetMs + performance.now();
}

/**
 * Takes over the wall clock's time where it moved away from the monotonic one, as it does while an
 * environment is frozen. Called at the start of every invocation.
 */
export function syncClock(): void {
  const wallMs = Date.now();
  if (Math.abs(wallMs - nowMs()) > DRIFT_MAX_MS) offsetMs = wallMs - performance.now();
}

/** Any time that the OpenTelemetry API accepts, as milliseconds since the epoch. */
export function toMs(time: TimeInput | undefined): number {
  if (time === undefined) return nowMs();
  if (Array.isArray(time)) return time[0] * 1e3 + time[1] / 1e6;
  const ms = Number(time);
  if (!Number.isFinite(ms)) return nowMs();
  return ms < INSTANT_MIN_MS ? performance.timeOrigin + ms : ms;
}
