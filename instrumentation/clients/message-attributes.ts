import { type Carried, CARRIED } from "../core/propagation.ts";
import { asObject, type Fields } from "../events/event-source.ts";

/**
 * Attributes of one message: SQS takes no more, and SNS drops a message with more on its way to a queue with
 * raw delivery.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
const ATTRIBUTES_MAX = 10;

/**
 * Largest message, and largest sum of a batch, in bytes, attributes included: 256 KiB for topics, and for queues of
 * before 2025, unless their `MaximumMessageSize` says otherwise; 1 MiB at the most. A message may meet either.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const LIMITS_BYTES = [262_144, 1_048_576];

/**
 * `message` with `traceparent` in its attributes, and what else fits of {@link CARRIED}. Undefined where there is no
 * room in them or in the message or batch of `bytes`, or where the user has put a `traceparent` there.
 */
export function injectMessage(message: Fields, carried: Carried, bytes: number): Fields | undefined {
  const given = asObject(message.MessageAttributes) ?? {};
  const names = Object.keys(given).map((name) => name.toLowerCase());
  let added: Fields = {};
  for (const name of CARRIED) {
    if (!carried[name] || names.includes(name) || names.push(name) > ATTRIBUTES_MAX) break;
    const next = { ...added, [name]: { DataType: "String", StringValue: carried[name] } };
    if (crossesLimit(bytes, attributeBytes(next))) break;
    added = next;
  }
  return added.traceparent ? { ...message, MessageAttributes: { ...given, ...added } } : undefined;
}

/** Bytes that a message with `body` counts with. */
export function messageBytes(body: unknown, message: Fields): number {
  return textBytes(body) + attributeBytes(asObject(message.MessageAttributes));
}

/** Bytes that attributes count with: names, types and values. */
export function attributeBytes(attributes: Fields | undefined): number {
  let bytes = 0;
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    const { DataType, StringValue, BinaryValue } = (attribute ?? {}) as Fields;
    bytes += textBytes(name) + textBytes(DataType) + textBytes(StringValue);
    if (BinaryValue instanceof Uint8Array) bytes += BinaryValue.length;
  }
  return bytes;
}

/** UTF-8 bytes of a text, 0 for anything else. */
export function textBytes(text: unknown): number {
  return typeof text === "string" ? Buffer.byteLength(text) : 0;
}

/** Whether `addedBytes` would push a message of `bytes` past a limit that it is under. */
function crossesLimit(bytes: number, addedBytes: number): boolean {
  return LIMITS_BYTES.some((limit) => bytes <= limit && bytes + addedBytes > limit);
}
