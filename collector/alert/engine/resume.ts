import { EVALUATION_INTERVAL_MS, GAP_MAX_MS } from "./limits.ts";
import type { RuleState, SeriesState } from "./types.ts";

/**
 * The state as if the last evaluation had been just before `atMs`, where it was too long ago (the collector was
 * down), or is in the future (the clock was put back): periods go on from where they stood, except that a pending
 * series starts anew. Within {@link GAP_MAX_MS} the state is returned as it is.
 */
export function resume(state: RuleState, atMs: number): RuleState {
  const gapMs = atMs - state.atMs;
  if (state.atMs === 0 || (gapMs >= 0 && gapMs <= GAP_MAX_MS)) return state;
  return { ...shift(state, gapMs - EVALUATION_INTERVAL_MS), atMs };
}

/** The state of a rule for which time stood still during one evaluation: it could not be made. */
export function standStill(state: RuleState, atMs: number): RuleState {
  if (state.atMs === 0 || !Object.values(state.series).some((series) => series.phase !== "ok")) return state;
  const series: Record<string, SeriesState> = {};
  for (const [key, one] of Object.entries(state.series)) series[key] = shiftSeries(one, atMs - state.atMs);
  return { ...state, series };
}

function shift(state: RuleState, byMs: number): RuleState {
  const series: Record<string, SeriesState> = {};
  for (const [key, one] of Object.entries(state.series)) {
    if (one.phase !== "pending") series[key] = shiftSeries(one, byMs);
  }
  return { ...state, series };
}

function shiftSeries(series: SeriesState, byMs: number): SeriesState {
  const move = (ms: number): number => (ms === 0 ? 0 : ms + byMs);
  if (series.phase === "pending")
    return { ...series, sinceMs: move(series.sinceMs), unknownMs: move(series.unknownMs) };
  return { ...series, clearMs: move(series.clearMs), unknownMs: move(series.unknownMs) };
}
