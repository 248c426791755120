/**
 * The alert engine: one pure function from a rule, its state, what was measured and the time to the next state
 * and what happened. The runner, the backtest and the property tests all call exactly this.
 */
import { closeAll, dispatch, type Occasion } from "./dispatch.ts";
import { emptyState } from "./empty-state.ts";
import { endAll, evaluate, type Evaluated } from "./evaluate.ts";
import { about, fail, findError, recover } from "./health.ts";
import { NOTE_INTERVAL_MS } from "./limits.ts";
import { resume, standStill } from "./resume.ts";
import type { AlertEvent, Labels, Notification, Rule, RuleState, Sample, StepResult } from "./types.ts";

/**
 * Makes one evaluation.
 *
 * `nowMs` is the wall clock, used for what is told and when; everything else is counted on `sample.atMs`. Where
 * the evaluation is made so late that its outcome concerns the past (`rule.pastMs`), nothing is told.
 * Parts of the state that do not change stay the same objects.
 */
export function step(
  rule: Rule,
  state: RuleState,
  sample: Sample,
  nowMs: number,
  ruleLabels: Labels = {},
): StepResult {
  const occasion: Occasion = {
    atMs: sample.atMs,
    nowMs,
    mutes: sample.mutes ?? [],
    explained: sample.explained,
    ruleLabels,
  };
  if (state.identity !== rule.identity) {
    const old = retire(rule, state, occasion, "rule changed");
    const fresh = step(rule, emptyState(rule), sample, nowMs, ruleLabels);
    return { state: fresh.state, events: [...old, ...fresh.events] };
  }
  const resumed = resume(state, sample.atMs);
  const error = findError(rule, sample);
  if (error !== undefined) {
    const { health, notifications } = fail(rule, resumed.health, error, sample.atMs);
    return { state: { ...standStill(resumed, sample.atMs), atMs: sample.atMs, health }, events: notifications };
  }
  const isPast = nowMs - sample.atMs > rule.pastMs;
  const { series, last, transitions, pastBreaches } = evaluate(rule, resumed, sample, isPast);
  const evaluated: RuleState = { ...resumed, version: rule.version, atMs: sample.atMs, series, last };
  if (isPast) return { state: evaluated, events: transitions };
  const { health, notifications } = recover(rule, resumed.health, sample.atMs);
  const told = dispatch(rule, evaluated, occasion);
  const note = noteOnPast(rule, resumed.noteMs, pastBreaches, sample.atMs);
  const events: AlertEvent[] = [...transitions, ...notifications, ...told.notifications, ...note.notifications];
  return { state: { ...evaluated, health, groups: told.groups, noteMs: note.noteMs }, events };
}

/** What happens when a rule is deleted, or becomes another: every alert of it ends, and who was told hears so. */
export function retire(
  rule: Rule,
  state: RuleState,
  occasion: Occasion,
  reason: "rule changed" | "rule deleted",
): AlertEvent[] {
  const ended = endAll(rule, state, occasion.atMs, reason);
  return [
    ...ended.transitions,
    ...closeAll(rule, { series: { ...state.series, ...ended.series }, groups: state.groups }, occasion),
  ];
}

/** One note for many windows of the past: what an outage hid is told once, and pages nobody. */
function noteOnPast(
  rule: Rule,
  noteMs: number,
  breaches: Evaluated["pastBreaches"],
  atMs: number,
): { noteMs: number; notifications: Notification[] } {
  const isSoon = atMs >= noteMs && atMs - noteMs < NOTE_INTERVAL_MS;
  if (breaches.length === 0 || isSoon) return { noteMs, notifications: [] };
  const ends = breaches.map((breach) => breach.endMs);
  const from = new Date(Math.min(...ends)).toISOString();
  const to = new Date(Math.max(...ends)).toISOString();
  const text = `Data that arrived late shows ${breaches.length} windows past the threshold, ending ${from} to ${to}; nobody was paged.`;
  return { noteMs: atMs, notifications: [about(rule, atMs, "note", atMs, text)] };
}
