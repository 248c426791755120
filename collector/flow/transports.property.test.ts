/** Whatever the transport: what both sides know a message by joins them as its trace context would. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Attributes, Flow } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, traceIdOf, type SpanInput } from "./test-spans.ts";

/** Every `messaging.system` of which the wrapper, or an SDK of another vendor, records what identifies a message. */
const SYSTEMS = [
  "aws_sqs",
  "aws.sns",
  "aws.kinesis",
  "aws.eventbridge",
  "aws.s3",
  "aws.dynamodb",
  "aws.lambda",
  "aws.stepfunctions",
  "gcp_pubsub",
  "kafka",
  "nats",
  "jetstream",
  "servicebus",
  "eventhubs",
  "eventgrid",
] as const;
const worldsPerSystem = 40;
const messagesMax = 5;

interface World {
  readonly messages: number;
  /** Sent by one span, or by one each. */
  readonly isBatchSent: boolean;
  /** Taken by one invocation, or by one each. */
  readonly isBatchTaken: boolean;
  /** Functions that take every message. */
  readonly consumers: number;
  readonly arrival: readonly number[];
}

const world: fc.Arbitrary<World> = fc.record({
  messages: fc.integer({ min: 1, max: messagesMax }),
  isBatchSent: fc.boolean(),
  isBatchTaken: fc.boolean(),
  consumers: fc.integer({ min: 1, max: 3 }),
  arrival: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
});

function spansOf(system: string, { messages, isBatchSent, isBatchTaken, consumers }: World, hasContext: boolean) {
  const ids = Array.from({ length: messages }, (_, n) => `m${String(n)}`);
  const of = (own: readonly string[]): Attributes => ({
    "messaging.system": system,
    "messaging.destination.name": "work",
    "hopscope.message.keys": own.map((id) => `${system}:${id}`),
    ...(own.length === 1 ? { "messaging.message.id": own[0] ?? "" } : { "messaging.batch.message_count": own.length }),
  });
  const groups = (isOne: boolean) => (isOne ? [ids] : ids.map((id) => [id]));
  const senderOf = (id: string) => (isBatchSent ? "send0" : `send${id.slice(1)}`);
  const inputs: SpanInput[] = [{ trace: "t", id: "api", kind: "server", service: "api", ms: 50 }];
  for (const [n, own] of groups(isBatchSent).entries()) {
    const attributes = { ...of(own), "messaging.operation.type": "send" };
    inputs.push({ trace: "t", id: `send${String(n)}`, parent: "api", kind: "producer", service: "api", at: 5, attributes });
  }
  for (let consumer = 0; consumer < consumers; consumer += 1) {
    for (const [n, own] of groups(isBatchTaken).entries()) {
      const id = `c${String(consumer)}-${String(n)}`;
      const records = own.map((each) => ({ trace: "t", id: senderOf(each), attributes: of([each]) }));
      inputs.push({
        trace: id,
        id,
        kind: "consumer",
        service: `worker-${String(consumer)}`,
        at: 100 + consumer * 1_000 + n * 100,
        attributes: { ...of(own), "messaging.operation.type": "process" },
        ...(hasContext
          ? { links: records }
          : { events: records.map(({ attributes }) => ({ name: "hopscope.message", attributes })) }),
      });
    }
  }
  return inputs.map(span);
}

/** All of a flow but what joined it. */
function withoutJoins({ hops, nodes, gaps }: Flow) {
  return { nodes, gaps, hops: hops.map(({ joinedBy: _joinedBy, ...hop }) => hop) };
}

describe(`of ${String(SYSTEMS.length * worldsPerSystem)} flows, without their trace context`, () => {
  it.for(SYSTEMS)(`${String(worldsPerSystem)} over %s have the same hops`, (system) => {
    let tried = 0;
    const property = fc.property(world, (input) => {
      const build = (hasContext: boolean) => {
        const spans = spansOf(system, input, hasContext);
        const order = spans.map((each, n) => ({ each, at: input.arrival[n % input.arrival.length] ?? 0 }));
        const arrived = order.sort((a, b) => a.at - b.at).map(({ each }) => each);
        return buildFlow(arrived, { traceId: traceIdOf("t") })?.flow ?? expect.fail("no flow");
      };
      const [stripped, whole] = [build(false), build(true)];
      expect(withoutJoins(stripped)).toEqual(withoutJoins(whole));
      expect(new Set(stripped.hops.filter(({ kind }) => kind === "receive").map(({ messageId }) => messageId)).size).toBe(
        input.messages,
      );
      expect(stripped.hops.every(({ joinedBy }) => joinedBy === "identity")).toBe(true);
      tried += 1;
    });
    fc.assert(property, { numRuns: worldsPerSystem });
    expect(tried).toBe(worldsPerSystem);
  });
});
