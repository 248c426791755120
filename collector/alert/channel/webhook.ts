import { createHmac } from "node:crypto";
import type { AlertMessage } from "../message/message.ts";
import { post, type SendResult } from "./post.ts";

/**
 * The signature of a webhook: hex HMAC-SHA256, keyed by the channel's secret, of the timestamp (seconds), a dot and
 * the body. A receiver recomputes it and refuses old timestamps, so that a captured message cannot be replayed.
 */
export function signWebhook(secret: string, timestampS: number, body: string): string {
  return createHmac("sha256", secret).update(`${timestampS}.${body}`).digest("hex");
}

/** Sends the message as it is, with its id as the idempotency key. */
export async function sendWebhook(
  {
    url,
    secret,
    headers,
  }: { url: string; secret?: string | undefined; headers?: Readonly<Record<string, string>> | undefined },
  message: AlertMessage,
  { allowPrivate, nowMs }: { allowPrivate: boolean; nowMs: number },
): Promise<SendResult> {
  const body = JSON.stringify(message);
  const timestampS = Math.floor(nowMs / 1000);
  const signature = secret === undefined ? undefined : `t=${timestampS},v1=${signWebhook(secret, timestampS, body)}`;
  return post(url, body, {
    allowPrivate,
    headers: {
      ...headers,
      "content-type": "application/json",
      "idempotency-key": headerSafe(message.id),
      ...(signature !== undefined && { "hopscope-signature": signature }),
    },
  });
}

function headerSafe(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character));
}
