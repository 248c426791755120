import {
  MESSAGE_KEYS,
  MESSAGE_RECEIVE_COUNT,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { extractContext, headerGetter } from "./carrier.ts";
import { asInteger, asObject, asText, type EventSource, type Fields, firstRecord, keyOf } from "./event-source.ts";
import { describeRecords, messagesTrigger, type RecordParts } from "./messages.ts";

/**
 * Messages of Kafka, Amazon's (MSK) or one's own, and of Amazon MQ's brokers: Kafka's in a list for each partition,
 * RabbitMQ's in one for each queue, ActiveMQ's in a single one; from EventBridge Pipes all of them in a list.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-source.html
 */
export const brokers: EventSource = {
  matches: (event) => system(event) !== undefined,
  describe(event) {
    const kind = system(event) ?? "";
    const lists = Object.entries(asObject(event.records ?? event.rmqMessagesByQueue) ?? { "": event.messages ?? event });
    const messages = lists.flatMap(([queue, list]) =>
      describeRecords(kind, asList(list), (record) => describeRecord(record, kind, queue)),
    );
    return messagesTrigger({ system: kind, faasTrigger: "pubsub", messages });
  },
};

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `SelfManagedKafka` is `aws:SelfManagedKafka` in older samples, and `aws:mq` is `aws:amq` from Pipes. */
function system(event: Fields): "kafka" | "rabbitmq" | "activemq" | undefined {
  const source = asText(event.eventSource) ?? asText(firstRecord(event)?.eventSource) ?? "";
  if (/kafka$/i.test(source)) return "kafka";
  if (source === "aws:rmq") return "rabbitmq";
  return /^aws:a?mq$/.test(source) ? "activemq" : undefined;
}

function describeRecord(record: Fields, kind: string, queue: string): RecordParts {
  const { partition, offset, redelivered } = record;
  const topic = asText(record.topic);
  const properties = asObject(record.basicProperties);
  // RabbitMQ's queues are named with their virtual host: `orders::/`.
  const named = (asText(record.eventSourceKey) ?? queue).split("::")[0];
  const { physicalName, physicalname } = asObject(record.destination) ?? {};
  const id = topic
    ? `${topic}/${String(partition)}@${String(offset)}`
    : (asText(record.messageID) ?? asText(properties?.messageId));
  return {
    // Kafka's are objects in a list.
    context: extractContext(headerGetter(...asList(record.headers), properties?.headers, record.properties)),
    ...(topic && { group: `${topic}/${String(partition)}` }),
    attributes: {
      [MESSAGING_DESTINATION_NAME]: topic ?? asText(physicalName) ?? asText(physicalname) ?? named,
      [MESSAGING_MESSAGE_ID]: id,
      [MESSAGE_KEYS]: keyOf(kind, id),
      [MESSAGE_SENT_MS]: asInteger(record.timestamp),
      // These brokers tell only whether a message was delivered before.
      [MESSAGE_RECEIVE_COUNT]: redelivered === undefined ? undefined : redelivered ? 2 : 1,
    },
  };
}
