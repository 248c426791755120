import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { extractContext } from "./carrier.ts";
import { asInteger, asObject, asText, defined, type EventSource, type Fields, type Message } from "./event-source.ts";
import { describeRecords, messagesTrigger } from "./messages.ts";

/**
 * Records of Kafka, Amazon's (MSK) or one's own: lists by topic and partition, headers as arrays of bytes.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
 */
export const kafka: EventSource = {
  name: "kafka",
  matches: (event) => event.eventSource === "aws:kafka" || event.eventSource === "SelfManagedKafka",
  describe(event) {
    const records = recordsIn(event);
    return messagesTrigger({
      system: "kafka",
      faasTrigger: "pubsub",
      destination: asText(asObject(records[0])?.topic),
      messages: describeRecords(records, describeRecord),
    });
  },
};

function recordsIn(event: Fields): unknown[] {
  return Object.values(asObject(event.records) ?? {}).flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
}

function describeRecord(record: unknown): Message {
  const fields = asObject(record) ?? {};
  const topic = asText(fields.topic);
  const id = `${topic}/${String(fields.partition)}@${String(fields.offset)}`;
  return {
    record,
    context: extractContext((name) => headerText(fields.headers, name)),
    group: `${topic}/${String(fields.partition)}`,
    attributes: defined({
      [MESSAGING_SYSTEM]: "kafka",
      [MESSAGING_OPERATION_TYPE]: "process",
      [MESSAGING_DESTINATION_NAME]: topic,
      [MESSAGING_MESSAGE_ID]: id,
      [MESSAGE_KEYS]: [`kafka:${id}`],
      [MESSAGE_SENT_MS]: asInteger(fields.timestamp),
    }),
  };
}

function headerText(headers: unknown, name: string): string | undefined {
  for (const header of Array.isArray(headers) ? (headers as unknown[]) : []) {
    for (const [key, bytes] of Object.entries(asObject(header) ?? {})) {
      if (key.toLowerCase() === name && Array.isArray(bytes)) return Buffer.from(bytes as number[]).toString("utf8");
    }
  }
  return undefined;
}
