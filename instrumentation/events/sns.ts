import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGE_VIA_NAME,
  MESSAGE_VIA_SYSTEM,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext, messageAttributeGetter } from "./carrier.ts";
import { openEnvelope } from "./envelope.ts";
import {
  asObject,
  asText,
  defined,
  type EventSource,
  firstRecord,
  keyOf,
  lastPart,
  type Message,
  recordsOf,
} from "./event-source.ts";
import { describeRecords, messagesTrigger } from "./messages.ts";
import { SNS_SYSTEM } from "./systems.ts";

/**
 * Messages of an SNS topic, delivered to a function without a queue between.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
 */
export const sns: EventSource = {
  matches: (event) => firstRecord(event)?.EventSource === "aws:sns",
  describe(event) {
    const first = asObject(firstRecord(event)?.Sns);
    return messagesTrigger({
      system: SNS_SYSTEM,
      faasTrigger: "pubsub",
      destination: lastPart(asText(first?.TopicArn)),
      messages: describeRecords(recordsOf(event), describeRecord),
    });
  },
};

function describeRecord(record: unknown): Message {
  const message = asObject(asObject(record)?.Sns) ?? {};
  const id = asText(message.MessageId);
  const body = asText(message.Message);
  const envelope = openEnvelope(body);
  const sentMs = Date.parse(asText(message.Timestamp) ?? "");
  return {
    record,
    context: extractContext(messageAttributeGetter(message.MessageAttributes)) ?? envelope?.context,
    attributes: defined({
      [MESSAGING_SYSTEM]: SNS_SYSTEM,
      [MESSAGING_OPERATION_TYPE]: "process",
      [MESSAGING_DESTINATION_NAME]: lastPart(asText(message.TopicArn)),
      [MESSAGING_MESSAGE_ID]: id,
      [MESSAGE_KEYS]: [...keyOf(SNS_SYSTEM, id), ...(envelope?.keys ?? [])],
      [MESSAGE_SENT_MS]: sentMs,
      [MESSAGING_MESSAGE_BODY_SIZE]: body === undefined ? undefined : Buffer.byteLength(body),
      [MESSAGE_VIA_SYSTEM]: envelope?.system,
      [MESSAGE_VIA_NAME]: envelope?.name,
    }),
  };
}
