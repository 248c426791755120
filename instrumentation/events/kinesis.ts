import {
  MESSAGE_KEYS,
  MESSAGE_SENT_MS,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { extractContext, memberGetter } from "./carrier.ts";
import { asObject, asText, keyOf, parseObject } from "./event-source.ts";
import { recordSource } from "./messages.ts";
import { KINESIS_SYSTEM } from "./systems.ts";

/** Longest record whose data is searched for a context, in base64 characters: a bound on work, not on records. */
const DATA_CHARS_MAX = 400_000;

/**
 * Records of a Kinesis stream, from Lambda's event source mapping or from EventBridge Pipes, which lifts what is
 * under `kinesis` one level up. The identity is shard and sequence number, which the producer got too.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html
 */
export const kinesis = recordSource(
  "aws:kinesis",
  { system: KINESIS_SYSTEM, faasTrigger: "datasource", stopsAtFailure: true },
  (fields) => {
    const kinesisFields = asObject(fields.kinesis) ?? fields;
    const id = asText(fields.eventID);
    const data = asText(kinesisFields.data);
    return {
      context: contextIn(data),
      itemId: asText(kinesisFields.sequenceNumber),
      attributes: {
        // With enhanced fan-out the consumer follows: `...:stream/orders/consumer/app:1580000000`.
        [MESSAGING_DESTINATION_NAME]: asText(fields.eventSourceARN)?.split("/")[1],
        [MESSAGING_MESSAGE_ID]: id,
        [MESSAGE_KEYS]: keyOf(KINESIS_SYSTEM, id),
        [MESSAGE_SENT_MS]: Math.round(Number(kinesisFields.approximateArrivalTimestamp) * 1000),
        [MESSAGING_MESSAGE_BODY_SIZE]: data === undefined ? undefined : Buffer.byteLength(data, "base64"),
      },
    };
  },
);

function contextIn(data: string | undefined) {
  // Base64 of `{` begins with `ew` or `ey`: nothing else can be a JSON object.
  if (!data || data.length > DATA_CHARS_MAX || !/^e[wy]/.test(data)) return undefined;
  const text = Buffer.from(data, "base64").toString("utf8");
  return /traceparent|_datadog/.test(text) ? extractContext(memberGetter(parseObject(text))) : undefined;
}
