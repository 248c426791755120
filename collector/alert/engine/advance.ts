import type { Verdict } from "./compare.ts";
import { withChange } from "./flap.ts";
import type { Condition, EndReason, Labels, Rule, SeriesState } from "./types.ts";

/** What one evaluation says about one series. */
export interface Finding {
  readonly labels: Labels;
  readonly condition: Condition;
  readonly verdict: Verdict;
  readonly value: number | null;
  readonly normal: number | null;
  readonly windowEndMs: number;
}

/** What holds for all series of one evaluation. */
export interface Moment {
  readonly atMs: number;
  /** The rule is another than at the last evaluation. */
  readonly ruleChanged: boolean;
  /** At least one series of the rule has a value. */
  readonly othersReport: boolean;
}

/** A series' next state; the same object where nothing changes. `before` is undefined for one that was fine. */
export function advance(
  rule: Rule,
  before: SeriesState | undefined,
  finding: Finding,
  moment: Moment,
): SeriesState | undefined {
  if (finding.verdict === "holds") return hold(rule, before, finding, moment.atMs);
  if (before === undefined || before.phase === "ok") return before;
  if (before.phase === "pending") {
    return before.changesMs.length === 0 ? undefined : { ...before, phase: "ok" };
  }
  const fading = fade(before, finding, moment.atMs);
  const reason = endReason(rule, fading, finding.verdict, moment);
  return reason === null ? fading : end(fading, moment.atMs, reason);
}

/** The state of a firing series that ends now. */
export function end(series: SeriesState, atMs: number, reason: EndReason): SeriesState {
  return { ...series, phase: "ok", ended: { atMs, reason }, changesMs: withChange(series.changesMs, atMs) };
}

function hold(rule: Rule, before: SeriesState | undefined, finding: Finding, atMs: number): SeriesState {
  const running = before !== undefined && before.phase !== "ok" ? before : undefined;
  const held: SeriesState = {
    labels: finding.labels,
    condition: finding.condition,
    phase: running?.phase ?? "pending",
    sinceMs: running?.sinceMs ?? atMs,
    firedMs: running?.firedMs ?? 0,
    clearMs: 0,
    unknownMs: 0,
    ended: null,
    value: finding.value,
    normal: finding.normal,
    windowEndMs: finding.windowEndMs,
    breachedMs: Math.max(finding.windowEndMs, before?.breachedMs ?? 0),
    changesMs: before?.changesMs ?? [],
  };
  if (held.phase === "firing" || atMs - held.sinceMs < holdMs(rule, finding.condition)) return held;
  return { ...held, phase: "firing", firedMs: atMs, changesMs: withChange(held.changesMs, atMs) };
}

function holdMs(rule: Rule, condition: Condition): number {
  return condition === "no-data" ? rule.noData.forMs : rule.forMs;
}

/** Notes since when a firing series' condition no longer holds, or since when nothing is known about it. */
function fade(before: SeriesState, finding: Finding, atMs: number): SeriesState {
  if (finding.verdict !== "clear") return before.unknownMs === 0 ? { ...before, unknownMs: atMs } : before;
  const { value, normal, windowEndMs } = finding;
  return { ...before, clearMs: before.clearMs || atMs, unknownMs: 0, value, normal, windowEndMs };
}

function endReason(rule: Rule, series: SeriesState, verdict: Verdict, moment: Moment): EndReason | null {
  if (series.clearMs !== 0) {
    if (moment.ruleChanged) return "rule changed";
    const keepMs = series.condition === "no-data" ? 0 : rule.keepFiringMs;
    if (moment.atMs - series.clearMs >= keepMs) return "recovered";
  }
  if (verdict === "clear") return null;
  const unknownForMs = moment.atMs - series.unknownMs;
  if (verdict === "insufficient") return unknownForMs >= rule.missingMs ? "too little traffic" : null;
  if (rule.noData.policy === "resolve") return "no data";
  return moment.othersReport && unknownForMs >= rule.missingMs ? "gone" : null;
}
