/** Slack and Microsoft Teams: the same message in their forms. */
import type { AlertMessage, MessageAlert } from "../message/message.ts";

/** Slack cuts a section's text at 3,000 characters and refuses longer ones. */
const SLACK_TEXT_MAX = 2_900;
const SLACK_HEADER_MAX = 150;
/** Alerts spelled out in a chat message. */
const CHAT_ALERTS_MAX = 5;

/** The body of a Slack incoming webhook. */
export function slackBody(message: AlertMessage): object {
  const escape = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const sections = message.alerts.slice(0, CHAT_ALERTS_MAX).map((alert) => {
    const links = alert.flows
      .map((flow) => `<${flow.url}|${escape(flow.error || flow.traceId.slice(0, 8))}>`)
      .join(" · ");
    const text = `*${escape(alertName(alert))}* ${escape(alertState(alert, message))}${links === "" ? "" : `\nFailing flows: ${links}`}`;
    return { type: "section", text: { type: "mrkdwn", text: text.slice(0, SLACK_TEXT_MAX) } };
  });
  const rest =
    sections.length === 0
      ? [{ type: "section", text: { type: "mrkdwn", text: escape(message.text).slice(0, SLACK_TEXT_MAX) } }]
      : [];
  const links = [
    `<${message.url}|Open in Hopscope>`,
    ...(message.rule.runbook === null ? [] : [`<${message.rule.runbook}|What to do>`]),
  ];
  const notes = message.note === null ? [] : [escape(message.note)];
  return {
    text: message.title,
    blocks: [
      { type: "header", text: { type: "plain_text", text: message.title.slice(0, SLACK_HEADER_MAX) } },
      ...sections,
      ...rest,
      { type: "context", elements: [{ type: "mrkdwn", text: [...links, ...notes].join(" · ") }] },
    ],
  };
}

/** The body of a Teams workflow webhook: an adaptive card. */
export function teamsBody(message: AlertMessage): object {
  const block = (text: string, changes: object = {}): object => ({ type: "TextBlock", text, wrap: true, ...changes });
  const alerts = message.alerts
    .slice(0, CHAT_ALERTS_MAX)
    .flatMap((alert) => [
      block(`${alertName(alert)}: ${alertState(alert, message)}`),
      ...alert.flows.map((flow) =>
        block(`[${(flow.error || flow.traceId).replaceAll(/[[\]]/g, "")}](${flow.url})`, { isSubtle: true }),
      ),
    ]);
  const actions = [
    { type: "Action.OpenUrl", title: "Open in Hopscope", url: message.url },
    ...(message.rule.runbook === null
      ? []
      : [{ type: "Action.OpenUrl", title: "What to do", url: message.rule.runbook }]),
  ];
  const card = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [
      block(message.title, { weight: "Bolder", size: "Medium" }),
      ...(alerts.length === 0 ? [block(message.text)] : alerts),
      ...(message.note === null ? [] : [block(message.note, { isSubtle: true })]),
    ],
    actions,
  };
  return {
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content: card }],
  };
}

function alertName(alert: MessageAlert): string {
  return Object.values(alert.labels).join(" / ") || "everything";
}

function alertState(alert: MessageAlert, message: AlertMessage): string {
  const end =
    alert.status === "resolved"
      ? `resolved (${alert.reason ?? "recovered"})`
      : alert.flapping
        ? "flapping"
        : "firing";
  const usual = alert.normalText === null ? "" : `, usually ${alert.normalText}`;
  return `${end}: ${alert.valueText} (${message.rule.thresholdText} fires${usual}), since ${alert.since}`;
}
