/** From a decision to the message that is sent. */
import type { Notification, NotifiedAlert } from "../engine/types.ts";
import type { CompiledRule, RuleAbout } from "../rules/compiled.ts";
import { formatPeriod, formatValue } from "./format.ts";
import type { AlertMessage, MessageAlert, MessageFlow } from "./message.ts";

/** What was found out about an alert for the reader of the message. */
export interface Background {
  /** What the value was over the day before; null where unknown. */
  readonly normal: number | null;
  readonly flows: readonly MessageFlow[];
}

/** Where links lead, and what is known beyond the decision itself. */
export interface RenderOptions {
  /** Where the UI is, without a slash at its end. */
  readonly baseUrl: string;
  /** By position in the notification's alerts. */
  readonly background?: readonly (Background | undefined)[];
}

/** Renders a message; a summary that cannot be rendered is left out, and the message says so. */
export function renderMessage(
  { rule, about, sourceId }: Pick<CompiledRule, "rule" | "about" | "sourceId">,
  notification: Notification,
  { baseUrl, background = [] }: RenderOptions,
): AlertMessage {
  const alerts = notification.alerts.map((alert, index) => messageAlert(alert, about, background[index]));
  const first = notification.alerts[0];
  const thresholdText = `${COMPARISONS[rule.comparison]} ${formatValue(rule.threshold, about.unit)}`;
  const summary = first === undefined ? { text: null, note: null } : renderSummary(about, first, thresholdText);
  const plain = first === undefined ? notification.text : describe(first, about, thresholdText);
  const what = summary.text ?? plain;
  const others = notification.firingCount + notification.resolvedCount - 1;
  const more = first !== undefined && others > 0 ? ` and ${others} more` : "";
  const title = `${KIND_TEXT[notification.kind]} ${about.name}: ${what}${more}`;
  return {
    version: 1,
    id: notification.id,
    incident: notification.incident,
    kind: notification.kind,
    at: new Date(notification.atMs).toISOString(),
    rule: {
      id: sourceId,
      name: about.name,
      kind: about.kind,
      severity: about.severity,
      labels: about.labels,
      thresholdText,
      window: formatPeriod(about.windowMs),
      runbook: about.runbook,
    },
    title,
    text: fullText(title, alerts, about, thresholdText, notification, summary.note),
    url: `${baseUrl}/alerts?rule=${encodeURIComponent(sourceId)}`,
    firing: notification.firingCount,
    resolved: notification.resolvedCount,
    alerts,
    note: summary.note,
  };
}

const COMPARISONS = { above: "above", "at-least": "at least", below: "below", "at-most": "at most" } as const;
const KIND_TEXT = {
  firing: "[FIRING]",
  update: "[UPDATE]",
  resolved: "[RESOLVED]",
  repeat: "[STILL FIRING]",
  flapping: "[FLAPPING]",
  note: "[NOTE]",
  broken: "[CANNOT EVALUATE]",
  working: "[EVALUATED AGAIN]",
} as const;

function messageAlert(alert: NotifiedAlert, about: RuleAbout, background: Background | undefined): MessageAlert {
  const normal = alert.normal ?? background?.normal ?? null;
  const unit = about.kind === "throughput-drop" && alert.normal !== null ? "count" : about.unit;
  return {
    status: alert.status,
    condition: alert.condition,
    labels: alert.labels,
    since: new Date(alert.sinceMs).toISOString(),
    endedAt: alert.endedMs === null ? null : new Date(alert.endedMs).toISOString(),
    reason: alert.reason,
    value: alert.value,
    valueText: formatValue(alert.value, about.unit),
    normalText: normal === null ? null : formatValue(normal, unit),
    windowEnd: new Date(alert.windowEndMs).toISOString(),
    flapping: alert.flapping,
    flows: background?.flows ?? [],
  };
}

/** `payment (shop): error rate 12%, above 5%`. */
function describe(alert: NotifiedAlert, about: RuleAbout, thresholdText: string): string {
  const where = nameOf(alert);
  const prefix = where === "" ? "" : `${where}: `;
  if (alert.condition === "no-data") return `${prefix}no data since ${new Date(alert.sinceMs).toISOString()}`;
  return `${prefix}${about.noun} ${formatValue(alert.value, about.unit)} (${thresholdText} fires)`;
}

function nameOf({ labels }: Pick<NotifiedAlert, "labels">): string {
  const { service, function: functionName, queue, ...rest } = labels;
  const main = queue ?? functionName ?? service ?? "";
  const context = [main === service ? undefined : service, ...Object.values(rest)].filter(
    (one) => one !== undefined && one !== main,
  );
  return context.length === 0 ? main : `${main} (${context.join(", ")})`;
}

function renderSummary(
  about: RuleAbout,
  alert: NotifiedAlert,
  thresholdText: string,
): { text: string | null; note: string | null } {
  if (about.summary === null || alert.condition === "no-data") return { text: null, note: null };
  const known: Record<string, string> = {
    ...about.labels,
    ...alert.labels,
    value: formatValue(alert.value, about.unit),
    threshold: thresholdText,
    window: formatPeriod(about.windowMs),
    since: new Date(alert.sinceMs).toISOString(),
    rule: about.name,
    severity: about.severity,
  };
  const missing = new Set<string>();
  const text = about.summary.replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => {
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    if (value === undefined) missing.add(name);
    return value ?? "";
  });
  if (missing.size === 0) return { text, note: null };
  const names = [...missing].join(", ");
  return { text: null, note: `the summary could not be rendered: the alert has no label ${names}` };
}

function fullText(
  title: string,
  alerts: readonly MessageAlert[],
  about: RuleAbout,
  thresholdText: string,
  notification: Notification,
  note: string | null,
): string {
  const lines = [title, ""];
  if (alerts.length === 0) lines.push(notification.text);
  for (const alert of alerts) {
    const where = nameOf(alert);
    const state =
      alert.status === "resolved"
        ? `resolved (${alert.reason ?? "recovered"})`
        : alert.flapping
          ? "flapping"
          : "firing";
    lines.push(
      `- ${where === "" ? about.name : where}: ${state}, ${about.noun} ${alert.valueText}, ${thresholdText} fires` +
        `${alert.normalText === null ? "" : `, usually ${alert.normalText}`}; since ${alert.since}`,
    );
    for (const flow of alert.flows) lines.push(`    ${flow.at} ${flow.error} ${flow.url}`);
  }
  const unlisted = notification.firingCount + notification.resolvedCount - alerts.length;
  if (alerts.length > 0 && unlisted > 0) lines.push(`... and ${unlisted} more`);
  if (about.runbook !== null) lines.push("", `What to do: ${about.runbook}`);
  if (note !== null) lines.push("", `Note: ${note}`);
  return lines.join("\n");
}

/** The message of the test button. */
export function testMessage(channel: string, baseUrl: string, nowMs: number): AlertMessage {
  const id = `test/${channel}/${nowMs}`;
  const title = `[TEST] Hopscope can reach the channel ${channel}`;
  return {
    version: 1,
    id,
    incident: id,
    kind: "test",
    at: new Date(nowMs).toISOString(),
    rule: {
      id: "test",
      name: "Test",
      kind: "test",
      severity: "info",
      labels: {},
      thresholdText: "",
      window: "",
      runbook: null,
    },
    title,
    text: `${title}\n\nNothing is wrong: somebody pressed the test button.`,
    url: `${baseUrl}/alerts`,
    firing: 0,
    resolved: 0,
    alerts: [],
    note: null,
  };
}
