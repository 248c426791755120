import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { describeS3 } from "./envelope.ts";
import { asText } from "./event-source.ts";
import { recordSource } from "./messages.ts";
import { S3_SYSTEM } from "./systems.ts";

/**
 * Objects that were written to or removed from a bucket.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const s3 = recordSource("aws:s3", { system: S3_SYSTEM, faasTrigger: "datasource" }, (fields) => {
  const { bucket, key, object } = describeS3(fields);
  return {
    attributes: {
      [MESSAGING_DESTINATION_NAME]: bucket,
      [MESSAGING_MESSAGE_ID]: asText(object?.sequencer),
      [MESSAGE_KEYS]: key ? [key] : [],
      [MESSAGE_SENT_MS]: Date.parse(asText(fields.eventTime) ?? ""),
      "aws.s3.key": asText(object?.key),
      "hopscope.event.type": asText(fields.eventName),
    },
  };
});
