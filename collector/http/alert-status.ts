import type { AlertRule } from "../../schema/alert-api.ts";
import { findMute } from "../alert/engine/mutes.ts";
import type { Mute, RuleState, SeriesState } from "../alert/engine/types.ts";
import { formatPeriod, formatValue } from "../alert/message/format.ts";
import type { Alerting } from "../alert/runner/alerting.ts";
import type { RuleBook } from "../alert/runner/rule-book.ts";
import type { CompiledRule } from "../alert/rules/compiled.ts";
import { activeMutes, inhibitionMutes, ruleLabels } from "../alert/rules/silences.ts";

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
  const lines = [
    "# TYPE hopscope_alert_evaluations_total counter",
    `hopscope_alert_evaluations_total ${status.evaluations}`,
    "# TYPE hopscope_alert_evaluation_seconds gauge",
    `hopscope_alert_evaluation_seconds ${(status.lastDurationMs / 1000).toFixed(4)}`,
    "# TYPE hopscope_alert_last_evaluation_timestamp_seconds gauge",
    `hopscope_alert_last_evaluation_timestamp_seconds ${status.lastTickMs / 1000}`,
    "# TYPE hopscope_alert_is_evaluating gauge",
    `hopscope_alert_is_evaluating ${status.isEvaluating ? 1 : 0}`,
    "# TYPE hopscope_alert_messages_waiting gauge",
    `hopscope_alert_messages_waiting ${status.waiting}`,
    "# TYPE hopscope_alert_rules_file_problems gauge",
    `hopscope_alert_rules_file_problems ${book.problems().length}`,
    "# TYPE hopscope_alert_rule_firing gauge",
    "# TYPE hopscope_alert_rule_failing gauge",
  ];
  const states = alerting.states();
  for (const { rule } of book.rules()) {
    const state = states.get(rule.id);
    lines.push(`hopscope_alert_rule_firing{rule="${rule.id}"} ${state?.last.firing ?? 0}`);
    lines.push(
      `hopscope_alert_rule_failing{rule="${rule.id}"} ${state !== undefined && state.health.failingMs !== 0 ? 1 : 0}`,
    );
  }
  lines.push(
    "# TYPE hopscope_alert_channel_sent_total counter",
    "# TYPE hopscope_alert_channel_failures_total counter",
    "# TYPE hopscope_alert_channel_failing gauge",
  );
  const health = alerting.channelHealth();
  for (const name of book.channels().keys()) {
    const one = health.get(name);
    const isFailing = one !== undefined && one.lastErrorMs > one.lastOkMs;
    lines.push(`hopscope_alert_channel_sent_total{channel="${name}"} ${one?.sent ?? 0}`);
    lines.push(`hopscope_alert_channel_failures_total{channel="${name}"} ${one?.failedTries ?? 0}`);
    lines.push(`hopscope_alert_channel_failing{channel="${name}"} ${isFailing ? 1 : 0}`);
  }
  return `${lines.join("\n")}\n`;
}
