/** Messages of the model of the transports, and what their consumers record of them. */
import type { Attributes } from "../../schema/flow.ts";
import { TEST_EPOCH_MS } from "./test-spans.ts";

/** A message on its way. */
export interface Envelope {
  readonly id: string;
  readonly topicId: string | undefined;
  readonly raw: boolean;
  readonly context: { readonly traceId: string; readonly spanId: string };
  readonly sentMs: number;
  readonly orders: ReadonlySet<number>;
  readonly hopsLeft: number;
  queue: number;
  isDead: boolean;
  /** The next delivery is from the dead-letter queue, or from the queue after a redrive. */
  moved: "dead-letter" | "redrive" | undefined;
  receives: number;
  /** How the last delivery ended; in between, a success in the queue itself mends what failed before. */
  failed: boolean;
  isMended: boolean;
  firstReceivedMs: number | undefined;
  visibleMs: number;
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
