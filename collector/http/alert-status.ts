import type { AlertRule } from "../../schema/alert-api.ts";
import { findMute } from "../alert/engine/mutes.ts";
import type { Mute, RuleState, SeriesState } from "../alert/engine/types.ts";
import { formatPeriod, formatValue } from "../alert/message/format.ts";
import type { Alerting } from "../alert/runner/alerting.ts";
import type { RuleBook } from "../alert/runner/rule-book.ts";
import type { CompiledRule } from "../alert/rules/compiled.ts";
import { activeMutes, inhibitionMutes, ruleLabels } from "../alert/rules/silences.ts";
import { exposition, type Family } from "../store/exposition.ts";

/** Alerts of one rule in an answer, firing ones first. */
const ALERTS_MAX = 100;

/** Every rule in force with its state, worst first. */
export function describeRules(
  book: RuleBook,
  alerting: Pick<Alerting, "states" | "upstreamMutes">,
  nowMs: number,
): AlertRule[] {
  const states = alerting.states();
  const upstream = alerting.upstreamMutes();
  const rules = book.rules();
  const silences = activeMutes(book.silences(), nowMs);
  const inhibited = inhibitionMutes(book.inhibitions(), rules, states);
  const described = rules.map((rule) => {
    const mutes = [
      ...silences,
      ...inhibited.filter((one) => one.sourceRuleId !== rule.rule.id).map(({ mute }) => mute),
    ];
    return describeRule(rule, states.get(rule.rule.id), mutes, upstream.get(rule.rule.id));
  });
  return described.sort(
    (a, b) => STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) || a.name.localeCompare(b.name),
  );
}

const STATE_ORDER: readonly AlertRule["state"][] = ["firing", "broken", "pending", "ok", "little-traffic", "no-data"];

/** `above 5%`. */
export function thresholdText({ rule, about }: CompiledRule): string {
  return `${rule.comparison.replace("-", " ")} ${formatValue(rule.threshold, about.unit)}`;
}

function describeRule(
  compiled: CompiledRule,
  state: RuleState | undefined,
  mutes: readonly Mute[],
  explained: ReadonlyMap<string, string> | undefined,
): AlertRule {
  const { rule, about, sourceId, origin, input } = compiled;
  const live = Object.entries(state?.series ?? {})
    .filter(([, one]) => one.phase !== "ok")
    .sort(([, a], [, b]) => a.phase.localeCompare(b.phase) || a.sinceMs - b.sinceMs);
  const last = state?.last;
  return {
    id: rule.id,
    sourceId,
    name: about.name,
    kind: about.kind,
    severity: about.severity,
    origin,
    state: stateOf(state),
    error: state?.health.error ?? "",
    thresholdText: thresholdText(compiled),
    window: formatPeriod(about.windowMs),
    windowMs: about.windowMs,
    forMs: rule.forMs,
    series: last?.series ?? 0,
    firing: last?.firing ?? 0,
    pending: last?.pending ?? 0,
    insufficient: last?.insufficient ?? 0,
    worst: last?.worst
      ? { labels: { ...last.worst.labels }, valueText: formatValue(last.worst.value, about.unit) }
      : null,
    evaluatedAt: state === undefined || state.atMs === 0 ? null : new Date(state.atMs).toISOString(),
    notify: [...about.notify],
    alerts: live.slice(0, ALERTS_MAX).map(([key, one]) => describeAlert(compiled, one, mutes, explained?.get(key))),
    definition: { ...input },
  };
}

function describeAlert(
  compiled: CompiledRule,
  series: SeriesState,
  mutes: readonly Mute[],
  explainedBy: string | undefined,
): AlertRule["alerts"][number] {
  return {
    labels: { ...series.labels },
    condition: series.condition,
    phase: series.phase === "firing" ? "firing" : "pending",
    since: new Date(series.sinceMs).toISOString(),
    value: series.value,
    valueText: formatValue(series.value, compiled.about.unit),
    mutedBy: findMute(mutes, { ...ruleLabels(compiled), ...series.labels })?.id ?? (explainedBy === undefined ? null : `upstream ${explainedBy}`),
  };
}

function stateOf(state: RuleState | undefined): AlertRule["state"] {
  if (state === undefined || state.atMs === 0) return "no-data";
  if (state.health.failingMs !== 0) return "broken";
  if (state.last.firing > 0) return "firing";
  if (state.last.pending > 0) return "pending";
  if (state.last.series === 0) return "no-data";
  return state.last.insufficient === state.last.series ? "little-traffic" : "ok";
}

/** Lines for `/metrics`, in the Prometheus text format. */
export function alertMetrics(alerting: Alerting, book: RuleBook): string {
  const status = alerting.status();
  const one = (name: string, type: Family["type"], help: string, value: number): Family => ({
    name: `hopscope_alert_${name}`,
    type,
    help,
    samples: [{ value }],
  });
  const states = alerting.states();
  const ofRules = (name: string, help: string, value: (state: RuleState | undefined) => number): Family => {
    const samples = book.rules().map(({ rule: { id } }) => ({ labels: { rule: id }, value: value(states.get(id)) }));
    return { name: `hopscope_alert_rule_${name}`, type: "gauge", help, samples };
  };
  const health = alerting.channelHealth();
  type Health = ReturnType<typeof health.get>;
  const ofChannels = (name: string, type: Family["type"], help: string, value: (of: Health) => number): Family => {
    const channels = [...book.channels().keys()];
    const samples = channels.map((channel) => ({ labels: { channel }, value: value(health.get(channel)) }));
    return { name: `hopscope_alert_channel_${name}`, type, help, samples };
  };
  return exposition([
    one("evaluations_total", "counter", "Evaluations of all rules.", status.evaluations),
    one("evaluation_seconds", "gauge", "How long the last evaluation took.", status.lastDurationMs / 1000),
    one("last_evaluation_timestamp_seconds", "gauge", "When the last evaluation began.", status.lastTickMs / 1000),
    one("is_evaluating", "gauge", "Whether this collector evaluates, and no other.", status.isEvaluating ? 1 : 0),
    one("messages_waiting", "gauge", "Messages that no channel has taken yet.", status.waiting),
    one("rules_file_problems", "gauge", "What is wrong with the rules file.", book.problems().length),
    ofRules("firing", "Series of the rule that fire.", (state) => state?.last.firing ?? 0),
    ofRules("failing", "Whether the rule cannot be evaluated.", (state) => (state && state.health.failingMs !== 0 ? 1 : 0)),
    ofChannels("sent_total", "counter", "Messages that the channel took.", (of) => of?.sent ?? 0),
    ofChannels("failures_total", "counter", "Tries that the channel refused.", (of) => of?.failedTries ?? 0),
    ofChannels("failing", "gauge", "Whether the last try failed.", (of) => (of && of.lastErrorMs > of.lastOkMs ? 1 : 0)),
  ]);
}
