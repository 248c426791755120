import type { Carried } from "../core/propagation.ts";
import type { Fields } from "../events/event-source.ts";

/**
 * Attributes of one message: SQS takes no more, and SNS drops a message with more on its way to a queue with
 * raw delivery.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
const ATTRIBUTES_MAX = 10;

/**
 * Largest message, and largest sum of a batch, in bytes, attributes included: 256 KiB for SNS, for SQS before 2025
 * and for queues whose `MaximumMessageSize` still is the default; 1 MiB for SQS now. A message may meet either.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const LIMITS_BYTES = [262_144, 1_048_576];

/** A `MessageAttributes` with the trace in it, and how many bytes that added. */
export interface Injected {
  readonly attributes: Fields;
  readonly addedBytes: number;
}

/**
 * A copy of `attributes` with `traceparent`, and `tracestate` where that fits too. Undefined where there is no
 * room, or where the user has put a `traceparent` there.
 */
export function injectAttributes(attributes: Fields | undefined, carried: Carried): Injected | undefined {
  const given = attributes ?? {};
  const names = Object.keys(given);
  if (names.some((name) => name.toLowerCase() === "traceparent")) return undefined;
  const room = ATTRIBUTES_MAX - names.length;
  if (room < 1) return undefined;
  const added: Record<string, { DataType: string; StringValue: string }> = {
    traceparent: { DataType: "String", StringValue: carried.traceparent },
  };
  const hasState = names.some((name) => name.toLowerCase() === "tracestate");
  if (room > 1 && carried.tracestate && !hasState) {
    added.tracestate = { DataType: "String", StringValue: carried.tracestate };
  }
  return { attributes: { ...given, ...added }, addedBytes: attributeBytes(added) };
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
export function crossesLimit(bytes: number, addedBytes: number): boolean {
  return LIMITS_BYTES.some((limit) => bytes <= limit && bytes + addedBytes > limit);
}
