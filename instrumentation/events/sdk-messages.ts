import { shared } from "../core/shared.ts";
import { asObject, asText, type EventSource, type Fields } from "./event-source.ts";
import { describeRecords, messagesTrigger, type RecordParts } from "./messages.ts";
import { describeSqsMessage } from "./sqs.ts";
import { SQS_SYSTEM } from "./systems.ts";

/** Queue names of messages that a traced client received: a message itself does not say where it comes from. */
const queues = shared("queues", () => new WeakMap<object, string>());

/** Remembers that `message` (or a whole answer) was received from `queue`. */
export function rememberQueue(message: object, queue: string): void {
  queues.set(message, queue);
}

/**
 * Messages that a container received by `ReceiveMessage`: its answer, or the array of messages in it.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
export const sdkMessages: EventSource = {
  matches: (event) => isSdkMessage(messagesOf(event)[0]),
  describe(event) {
    const messages = messagesOf(event);
    return messagesTrigger({
      system: SQS_SYSTEM,
      faasTrigger: "pubsub",
      messages: describeRecords(SQS_SYSTEM, messages, describe),
    });
  },
};

function messagesOf(event: Fields): readonly unknown[] {
  if (Array.isArray(event)) return event;
  return Array.isArray(event.Messages) ? event.Messages : [];
}

function isSdkMessage(value: unknown): boolean {
  const { MessageId, ReceiptHandle } = asObject(value) ?? {};
  return asText(MessageId) !== undefined && asText(ReceiptHandle) !== undefined;
}

function describe(fields: Fields): RecordParts {
  return describeSqsMessage({
    id: asText(fields.MessageId),
    body: asText(fields.Body),
    md5: asText(fields.MD5OfBody),
    attributes: asObject(fields.Attributes) ?? {},
    messageAttributes: fields.MessageAttributes,
    queue: queues.get(fields),
  });
}
