import type { ChannelInput } from "../../../schema/alert-rules.ts";
import type { AlertMessage } from "../message/message.ts";
import { slackBody, teamsBody } from "./chat.ts";
import { sendEmail } from "./email.ts";
import { PAGERDUTY_URL, pagerdutyBody } from "./pagerduty.ts";
import { post, type SendResult } from "./post.ts";
import { sendSns } from "./sns.ts";
import { sendWebhook } from "./webhook.ts";

/** Where a message may go, and the instant that signatures name, milliseconds since the epoch. */
export interface SendOptions {
  /** Channels may lead to loopback and private networks. */
  readonly allowPrivate: boolean;
  readonly nowMs: number;
}

/** One try to send a message to a channel. Never throws; an error never names a secret. */
export async function send(channel: ChannelInput, message: AlertMessage, options: SendOptions): Promise<SendResult> {
  const result = await sendRaw(channel, message, options);
  return result.ok ? result : { ...result, error: withoutSecrets(result.error, channel) };
}

async function sendRaw(channel: ChannelInput, message: AlertMessage, options: SendOptions): Promise<SendResult> {
  const { allowPrivate } = options;
  const json = (url: string, body: object): Promise<SendResult> =>
    post(url, JSON.stringify(body), { allowPrivate, headers: { "content-type": "application/json" } });
  switch (channel.type) {
    case "webhook":
      return sendWebhook(channel, message, options);
    case "slack":
      return json(channel.url, slackBody(message));
    case "teams":
      return json(channel.url, teamsBody(message));
    case "pagerduty":
      return json(channel.url ?? PAGERDUTY_URL, pagerdutyBody(channel.routingKey, message));
    case "email":
      return sendEmail(channel, message, allowPrivate);
    case "sns":
      return sendSns(channel, message, allowPrivate);
  }
}

/** Shorter texts would cut holes into any message. */
const SECRET_LENGTH_MIN = 4;

function withoutSecrets(text: string, channel: ChannelInput): string {
  const secrets = secretsOf(channel).filter((secret) => secret.length >= SECRET_LENGTH_MIN);
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
}

function secretsOf(channel: ChannelInput): string[] {
  switch (channel.type) {
    case "webhook":
      return [channel.url, channel.secret ?? "", ...Object.values(channel.headers ?? {})];
    case "slack":
    case "teams":
      return [channel.url];
    case "pagerduty":
      return [channel.routingKey];
    case "email":
      return [channel.user ?? "", channel.password ?? ""];
    case "sns":
      return [];
  }
}

/** What may be shown of a channel: where it leads, nothing that opens it. */
export function describeChannel(channel: ChannelInput): string {
  switch (channel.type) {
    case "webhook":
    case "slack":
    case "teams":
      return URL.canParse(channel.url) ? new URL(channel.url).host : "";
    case "pagerduty":
      return URL.canParse(channel.url ?? PAGERDUTY_URL) ? new URL(channel.url ?? PAGERDUTY_URL).host : "";
    case "email":
      return channel.to.join(", ");
    case "sns":
      return channel.topicArn;
  }
}
