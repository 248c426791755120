import type { TimeInput } from "@opentelemetry/api";

/** Difference between the monotonic and the wall clock that is taken as a freeze or a correction, milliseconds. */
const DRIFT_MAX_MS = 5;
/** Values below this are readings of `performance.now()`, not instants: 1973 in milliseconds. */
const INSTANT_MIN_MS = 1e11;

/** When this process started, milliseconds since the epoch. */
export const PROCESS_START_MS = Date.now() - monotonicMs();

let offsetMs = PROCESS_START_MS;

/** Milliseconds since this process started. The global `performance` would load a module for that. */
export function monotonicMs(): number {
  return process.uptime() * 1000;
}

/** Now: milliseconds since the epoch with a fraction, monotonic between two calls of {@link syncClock}. */
export function nowMs(): number {
  return offsetMs + monotonicMs();
}

/**
 * Takes over the wall clock's time where it moved away from the monotonic one, as it does while an
 * environment is frozen. Called at the start of every invocation.
 */
export function syncClock(): void {
  const wallMs = Date.now();
  if (Math.abs(wallMs - nowMs()) > DRIFT_MAX_MS) offsetMs = wallMs - monotonicMs();
}

/** Any time that the OpenTelemetry API accepts, as milliseconds since the epoch. */
export function toMs(time: TimeInput | undefined): number {
  if (time === undefined) return nowMs();
  if (Array.isArray(time)) return time[0] * 1e3 + time[1] / 1e6;
  const ms = Number(time);
  if (!Number.isFinite(ms)) return nowMs();
  return ms < INSTANT_MIN_MS ? performance.timeOrigin + ms : ms;
}
