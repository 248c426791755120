import {
  BODY_MD5_KEY_PREFIX,
  DEAD_LETTER_SOURCE_NAME,
  MESSAGE_BODY_MD5,
  MESSAGE_FIRST_RECEIVED_MS,
  MESSAGE_KEYS,
  MESSAGE_RECEIVE_COUNT,
  MESSAGE_SENT_MS,
  MESSAGE_VIA_NAME,
  MESSAGE_VIA_SYSTEM,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_BODY_SIZE,
  MESSAGING_MESSAGE_ID,
} from "@hopscope/schema/attributes";
import { extractContext, messageAttributeGetter } from "./carrier.ts";
import { openEnvelope } from "./envelope.ts";
import { asInteger, asObject, asText, keyOf, lastPart } from "./event-source.ts";
import { type RecordParts, recordSource } from "./messages.ts";
import { SQS_SYSTEM } from "./systems.ts";
import { xray } from "./x-ray.ts";

/**
 * Messages of an SQS queue, as Lambda's event source mapping hands them over.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export const sqs = recordSource("aws:sqs", { system: SQS_SYSTEM, faasTrigger: "pubsub" }, (fields) =>
  describeSqsMessage({
    id: asText(fields.messageId),
    body: asText(fields.body),
    md5: asText(fields.md5OfBody),
    attributes: asObject(fields.attributes) ?? {},
    messageAttributes: fields.messageAttributes,
    queue: lastPart(asText(fields.eventSourceARN)),
  }),
);

/** One SQS message, wherever it was taken from. */
export interface SqsMessageParts {
  readonly id: string | undefined;
  readonly body: string | undefined;
  readonly md5: string | undefined;
  /** System attributes; their names and values are the same everywhere. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly messageAttributes: unknown;
  readonly queue: string | undefined;
}

/**
 * Context and identity of one SQS message: its own attributes first, then the system attribute
 * `AWSTraceHeader`, then what an SNS, EventBridge or S3 envelope in its body says.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html
 */
export function describeSqsMessage(parts: SqsMessageParts): RecordParts {
  const { attributes, body, id } = parts;
  const envelope = openEnvelope(body);
  const group = asText(attributes.MessageGroupId);
  const own = extractContext(messageAttributeGetter(parts.messageAttributes));
  // A topic passes on whatever X-Ray header its publisher had, so that one does not say that the publisher is known.
  const content = parts.md5 && !own && !envelope ? [BODY_MD5_KEY_PREFIX + parts.md5] : [];
  return {
    itemId: id,
    ...(group !== undefined && parts.queue?.endsWith(".fifo") && { group }),
    context: own ?? envelope?.context ?? xray(asText(attributes.AWSTraceHeader)),
    attributes: {
      [MESSAGING_DESTINATION_NAME]: parts.queue,
      [MESSAGING_MESSAGE_ID]: id,
      [MESSAGE_KEYS]: [...keyOf(SQS_SYSTEM, id), ...(envelope?.keys ?? []), ...content],
      [MESSAGE_SENT_MS]: asInteger(attributes.SentTimestamp),
      [MESSAGE_FIRST_RECEIVED_MS]: asInteger(attributes.ApproximateFirstReceiveTimestamp),
      [MESSAGE_RECEIVE_COUNT]: asInteger(attributes.ApproximateReceiveCount),
      [MESSAGE_BODY_MD5]: parts.md5,
      [MESSAGING_MESSAGE_BODY_SIZE]: body === undefined ? undefined : Buffer.byteLength(body),
      [MESSAGE_VIA_SYSTEM]: envelope?.system,
      [MESSAGE_VIA_NAME]: envelope?.name,
      [DEAD_LETTER_SOURCE_NAME]: lastPart(asText(attributes.DeadLetterQueueSourceArn)),
    },
  };
}
