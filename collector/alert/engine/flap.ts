import { ENDED_KEPT_MS, FLAP_CALM_MS, FLAP_CHANGES_MAX, FLAP_CHANGES_MIN } from "./limits.ts";
import type { SeriesState } from "./types.ts";

/** The changes of a series with one more. */
export function withChange(changesMs: readonly number[], atMs: number): readonly number[] {
  return [...changesMs.filter((ms) => atMs - ms < ENDED_KEPT_MS), atMs].slice(-FLAP_CHANGES_MAX);
}

/** Whether a series comes and goes so often that telling each change would only annoy. */
export function isFlapping(series: SeriesState | undefined, atMs: number): boolean {
  if (series === undefined) return false;
  const recent = series.changesMs.filter((ms) => atMs - ms < ENDED_KEPT_MS);
  const newest = recent.at(-1);
  return newest !== undefined && recent.length >= FLAP_CHANGES_MIN && atMs - newest < FLAP_CALM_MS;
}
