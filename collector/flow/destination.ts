/** Queues, topics and their like as nodes of a flow. */
import type { NodeKind } from "../../schema/flow.ts";
import type { Destination } from "./message.ts";

/** What each `messaging.system` has; a system not listed has queues. */
const KIND_OF_SYSTEM: Readonly<Record<string, NodeKind>> = {
  aws_sqs: "queue",
  "aws.sns": "topic",
  "aws.kinesis": "stream",
  aws_kinesis: "stream",
  kinesis: "stream",
  "aws.eventbridge": "bus",
  aws_eventbridge: "bus",
  eventbridge: "bus",
  "aws.s3": "bucket",
  aws_s3: "bucket",
  s3: "bucket",
  "aws.dynamodb": "table",
  aws_dynamodb: "table",
  dynamodb: "table",
  gcp_pubsub: "topic",
  kafka: "topic",
  nats: "topic",
  eventgrid: "topic",
  eventhubs: "stream",
  jetstream: "stream",
  servicebus: "queue",
  "aws.stepfunctions": "bus",
};

/** Systems that hold data first: most of what is written to them is meant for nobody in particular. */
export function isStorage({ system }: Destination): boolean {
  const kind = kindOfSystem(system);
  return kind === "table" || kind === "bucket";
}

/** The kind of node that a destination of this system is. */
export function kindOfSystem(system: string): NodeKind {
  return KIND_OF_SYSTEM[system] ?? "queue";
}

/** For example `queue:aws_sqs:payments`. */
export function destinationId({ system, name }: Destination): string {
  return `${kindOfSystem(system)}:${system}:${name}`;
}

/** Whether a message in it is for one consumer, so that taking it again is another attempt. */
export function isPointToPoint({ system }: Destination): boolean {
  return kindOfSystem(system) === "queue";
}

/** Whether both are the same one. */
export function isSameDestination(a: Destination | undefined, b: Destination | undefined): boolean {
  return a !== undefined && b !== undefined && a.system === b.system && a.name === b.name;
}
