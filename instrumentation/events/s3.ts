import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "@hopscope/schema/attributes";
import { describeS3 } from "./envelope.ts";
import { asObject, asText, defined, type EventSource, firstRecord, type Message, recordsOf } from "./event-source.ts";
import { describeRecords, messagesTrigger } from "./messages.ts";
import { S3_SYSTEM } from "./systems.ts";

/**
 * Objects that were written to or removed from a bucket.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const s3: EventSource = {
  matches: (event) => firstRecord(event)?.eventSource === "aws:s3",
  describe(event) {
    return messagesTrigger({
      system: S3_SYSTEM,
      faasTrigger: "datasource",
      destination: describeS3(firstRecord(event)).bucket,
      messages: describeRecords(recordsOf(event), describeRecord),
    });
  },
};

function describeRecord(record: unknown): Message {
  const fields = asObject(record) ?? {};
  const { bucket, key, object } = describeS3(record);
  return {
    record,
    attributes: defined({
      [MESSAGING_SYSTEM]: S3_SYSTEM,
      [MESSAGING_OPERATION_TYPE]: "process",
      [MESSAGING_DESTINATION_NAME]: bucket,
      [MESSAGING_MESSAGE_ID]: asText(object?.sequencer),
      [MESSAGE_KEYS]: key ? [key] : [],
      [MESSAGE_SENT_MS]: Date.parse(asText(fields.eventTime) ?? ""),
      "aws.s3.key": asText(object?.key),
      "hopscope.event.type": asText(fields.eventName),
    }),
  };
}
