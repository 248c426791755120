import type { AlertMessage } from "../message/message.ts";

/** Where PagerDuty takes events, unless a channel names another address (EU accounts, tests). */
export const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";
/** PagerDuty refuses longer ones, characters. */
const DEDUP_KEY_MAX = 255;
const SUMMARY_MAX = 1024;

/** An event of PagerDuty's Events API v2: the incident is the deduplication key, so a repeat opens no second one. */
export function pagerdutyBody(routingKey: string, message: AlertMessage): object {
  const dedupKey = message.incident.length <= DEDUP_KEY_MAX ? message.incident : shorten(message.incident);
  const isOver = message.kind === "resolved" || message.kind === "working";
  if (isOver) return { routing_key: routingKey, event_action: "resolve", dedup_key: dedupKey };
  return {
    routing_key: routingKey,
    event_action: "trigger",
    dedup_key: dedupKey,
    client: "Hopscope",
    client_url: message.url,
    links: message.alerts
      .flatMap((alert) => alert.flows.map((flow) => ({ href: flow.url, text: flow.error || flow.traceId })))
      .slice(0, 10),
    payload: {
      summary: message.title.slice(0, SUMMARY_MAX),
      source: Object.values(message.alerts[0]?.labels ?? {}).join("/") || message.rule.id,
      severity: message.rule.severity,
      timestamp: message.at,
      component: message.alerts[0]?.labels["function"] ?? message.alerts[0]?.labels["queue"],
      group: message.rule.id,
      class: message.rule.kind,
      custom_details: { text: message.text, firing: message.firing, resolved: message.resolved },
    },
  };
}

/** The start of the key tells a person what it is, its hash keeps it apart from others. */
function shorten(incident: string): string {
  let hash = 0n;
  for (const byte of Buffer.from(incident))
    hash = (hash * 1_099_511_628_211n + BigInt(byte)) & 0xffff_ffff_ffff_ffffn;
  return `${incident.slice(0, DEDUP_KEY_MAX - 17)}#${hash.toString(16)}`;
}
