import type { ChannelInput } from "../../../schema/alert-rules.ts";
import type { AlertMessage } from "../message/message.ts";
import { checkUrl, resolveTarget } from "./guard.ts";
import { SEND_TIMEOUT_MS, type SendResult } from "./post.ts";

type SnsChannel = Extract<ChannelInput, { type: "sns" }>;
/** SNS refuses longer subjects, characters. */
const SUBJECT_MAX = 100;

/** Publishes the message as JSON; credentials are those of the machine. Never throws. */
export async function sendSns(
  channel: SnsChannel,
  message: AlertMessage,
  allowPrivate: boolean,
): Promise<SendResult> {
  try {
    if (channel.endpoint !== undefined) await resolveTarget(checkUrl(channel.endpoint).hostname, allowPrivate);
    // Loaded only where a channel asks for it: the client is the largest part that the collector has.
    const { PublishCommand, SNSClient } = await import("@aws-sdk/client-sns");
    const client = new SNSClient({
      region: channel.topicArn.split(":")[3] ?? "us-east-1",
      maxAttempts: 1,
      ...(channel.endpoint !== undefined && { endpoint: channel.endpoint }),
    });
    try {
      const isFifo = channel.topicArn.endsWith(".fifo");
      const command = new PublishCommand({
        TopicArn: channel.topicArn,
        Subject: message.title.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, SUBJECT_MAX),
        Message: JSON.stringify(message),
        MessageAttributes: {
          kind: { DataType: "String", StringValue: message.kind },
          severity: { DataType: "String", StringValue: message.rule.severity },
          rule: { DataType: "String", StringValue: message.rule.id },
        },
        ...(isFifo && { MessageGroupId: shortId(message.incident), MessageDeduplicationId: shortId(message.id) }),
      });
      await client.send(command, { abortSignal: AbortSignal.timeout(SEND_TIMEOUT_MS) });
    } finally {
      client.destroy();
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** Ids of FIFO topics: at most 128 of these characters, the end of an id being what tells it from others. */
function shortId(id: string): string {
  return id.replaceAll(/[^\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]/g, "_").slice(-128);
}
