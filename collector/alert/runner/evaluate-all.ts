/** One evaluation of all rules: what the live engine and the backtest both do with a set of samples. */
import { emptyState } from "../engine/empty-state.ts";
import { retire, step } from "../engine/step.ts";
import type { AlertEvent, Mute, Notification, RuleState, Sample, Transition } from "../engine/types.ts";
import { matchesPattern } from "../engine/mutes.ts";
import type { CompiledRule, Inhibition, Silence } from "../rules/compiled.ts";
import { activeMutes, inhibitionMutes, ruleLabels } from "../rules/silences.ts";
import type { UpstreamMutes } from "../upstream/explain.ts";

/** What must be known of a rule to tell its end after it was deleted. */
export type KnownRule = Pick<CompiledRule, "rule" | "about" | "sourceId">;

/** All that the decisions of one evaluation rest on. */
export interface Situation {
  readonly rules: readonly CompiledRule[];
  readonly states: ReadonlyMap<string, RuleState>;
  /** Rules that have a state, deleted ones among them. */
  readonly known: ReadonlyMap<string, KnownRule>;
  readonly samples: ReadonlyMap<string, Sample>;
  readonly silences: readonly Silence[];
  readonly inhibitions: readonly Inhibition[];
  /** Alerts about silence that one further up explains. */
  readonly upstream?: UpstreamMutes;
  readonly atMs: number;
  readonly nowMs: number;
}

/** The decisions of one evaluation. */
export interface Outcome {
  /** The state of every rule; null for one that was deleted. */
  readonly states: ReadonlyMap<string, RuleState | null>;
  readonly transitions: readonly Transition[];
  readonly notifications: readonly { readonly rule: KnownRule; readonly notification: Notification }[];
}

/** Steps every rule, sources of inhibitions first, and ends the alerts of rules that are gone. Pure. */
export function evaluateAll(situation: Situation): Outcome {
  const { rules, known, samples, inhibitions, atMs, nowMs } = situation;
  const silences = activeMutes(situation.silences, nowMs);
  const states = new Map<string, RuleState | null>();
  const transitions: Transition[] = [];
  const notifications: { rule: KnownRule; notification: Notification }[] = [];
  const collect = (rule: KnownRule, events: readonly AlertEvent[]): void => {
    for (const event of events) {
      if (event.type === "transition") transitions.push(event);
      else notifications.push({ rule, notification: event });
    }
  };
  const stepOne = (compiled: CompiledRule, inhibited: ReturnType<typeof inhibitionMutes>): void => {
    const { id } = compiled.rule;
    const sample = samples.get(id);
    if (sample === undefined) return;
    const others = inhibited.filter(({ sourceRuleId }) => sourceRuleId !== id).map(({ mute }) => mute);
    const mutes: readonly Mute[] = others.length === 0 ? silences : [...silences, ...others];
    const before = situation.states.get(id) ?? emptyState(compiled.rule);
    const seen: Sample = { ...sample, mutes, explained: situation.upstream?.get(id) };
    const result = step(compiled.rule, before, seen, nowMs, ruleLabels(compiled));
    states.set(id, result.state);
    collect(compiled, result.events);
  };
  const sources = rules.filter((rule) => mayBeSource(rule, inhibitions));
  for (const rule of sources) stepOne(rule, []);
  const inhibited = inhibitionMutes(inhibitions, sources, new Map([...situation.states, ...withoutNull(states)]));
  const rest = sources.length === 0 ? rules : rules.filter((rule) => !sources.includes(rule));
  for (const rule of rest) stepOne(rule, inhibited);
  const present = new Set(rules.map((one) => one.rule.id));
  for (const [id, rule] of known) {
    const state = situation.states.get(id);
    if (present.has(id) || state === undefined) continue;
    collect(rule, retire(rule.rule, state, { atMs, nowMs, mutes: [], ruleLabels: {} }, "rule deleted"));
    states.set(id, null);
  }
  return { states, transitions, notifications: mergeHealth(notifications) };
}

function mayBeSource(rule: CompiledRule, inhibitions: readonly Inhibition[]): boolean {
  const fixed = ruleLabels(rule);
  return inhibitions.some(({ source }) =>
    source.every(({ label, pattern }) => {
      const value = fixed[label];
      return value === undefined || matchesPattern(value, pattern);
    }),
  );
}

function* withoutNull(states: ReadonlyMap<string, RuleState | null>): Iterable<[string, RuleState]> {
  for (const [id, state] of states) if (state !== null) yield [id, state];
}

type Told = { rule: KnownRule; notification: Notification };

/**
 * A database that is down breaks every rule at once: that is one message for each set of channels, not hundreds.
 */
function mergeHealth(notifications: readonly Told[]): Told[] {
  const merged = new Map<string, Told[]>();
  const rest: Told[] = [];
  for (const told of notifications) {
    const { kind, incident } = told.notification;
    if (kind !== "broken" && kind !== "working") {
      rest.push(told);
      continue;
    }
    const since = incident.slice(incident.lastIndexOf("/") + 1);
    const key = JSON.stringify([kind, since, told.rule.about.notify]);
    merged.set(key, [...(merged.get(key) ?? []), told]);
  }
  return [...rest, ...[...merged.values()].map(mergeOne)];
}

/** Rule names spelled out in a message about many. */
const NAMES_MAX = 10;

function mergeOne(told: readonly Told[]): Told {
  const [first] = told;
  if (first === undefined) throw new Error("a group has a member");
  if (told.length === 1) return first;
  const names = told.map(({ rule }) => rule.about.name);
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
  const since = first.notification.incident.slice(first.notification.incident.lastIndexOf("/") + 1);
  const incident = `all-rules/health/${since}`;
  const text = `${names.slice(0, NAMES_MAX).join(", ")}${more}: ${first.notification.text}`;
  const about = { ...first.rule.about, name: `${told.length} rules`, runbook: null };
  return {
    rule: { ...first.rule, about },
    notification: { ...first.notification, id: `${incident}#${first.notification.kind}`, incident, text },
  };
}
