/** Messages of the model of the transports, and what their consumers record of them. */
import type { Attributes } from "../../schema/flow.ts";
import type { Envelope, SendSpec } from "./flow-model-types.ts";
import { TEST_EPOCH_MS } from "./test-spans.ts";

/** Where the messages of one call come to. */
interface Sending {
  readonly queues: readonly number[];
  readonly isRaw: (queue: number) => boolean;
  readonly nextId: () => string;
}

/** One message as it comes to these queues: through the topic under one id, and under one of its own in each. */
export function newMessages(
  { viaTopic, atMs, orders, hopsLeft }: SendSpec,
  { queues, isRaw, nextId }: Sending,
): Omit<Envelope, "context">[] {
  const topicId = viaTopic ? `sns-${nextId()}` : undefined;
  return queues.map((queue) => ({
    id: `sqs-${nextId()}`,
    topicId,
    raw: isRaw(queue),
    sentMs: atMs + 6,
    orders,
    hopsLeft,
    queue,
    isDead: false,
    moved: undefined,
    receives: 0,
    failed: false,
    isMended: true,
    firstReceivedMs: undefined,
    visibleMs: atMs + 10,
  }));
}

/** Numbers from 0 to 1, the same ones for the same seed: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where a message goes that failed: back to its queue from the dead-letter queue, or there after too many receives. */
export function moveFailed(message: Envelope, receivesMax: number): void {
  if (message.isDead) Object.assign(message, { isDead: false, moved: "redrive" });
  else if (message.receives >= receivesMax) Object.assign(message, { isDead: true, moved: "dead-letter" });
}

/** The name of a queue of the model. */
export function queueName(queue: number): string {
  return `queue-${String(queue)}`;
}

/** Its node's id. */
export function queueId(queue: number): string {
  return `queue:aws_sqs:${queueName(queue)}`;
}

/** The identities that a consumer of the message sees. */
export function keysOf({ id, topicId, raw }: Envelope): string[] {
  return topicId === undefined || raw ? [`aws_sqs:${id}`] : [`aws_sqs:${id}`, `aws.sns:${topicId}`];
}

/** What a consumer records of the message. */
export function messageAttributes(message: Envelope, isDead: boolean): Attributes {
  const { id, topicId, raw, queue, sentMs, firstReceivedMs, receives } = message;
  const via = topicId === undefined || raw ? {} : { "hopscope.message.via.destination.name": "orders" };
  const source = isDead ? { "hopscope.dead_letter.source.name": queueName(queue) } : {};
  return {
    "messaging.system": "aws_sqs",
    "messaging.operation.type": "process",
    "messaging.destination.name": `${queueName(queue)}${isDead ? "-dead" : ""}`,
    "messaging.message.id": id,
    "hopscope.message.keys": keysOf(message),
    "hopscope.message.sent_ms": TEST_EPOCH_MS + sentMs,
    "hopscope.message.first_received_ms": TEST_EPOCH_MS + (firstReceivedMs ?? sentMs),
    "hopscope.message.receive_count": receives,
    ...via,
    ...source,
  };
}
