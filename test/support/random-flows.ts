/** Flows of many shapes, from one seed, with values that a search may stumble over. */
import * as fc from "fast-check";
import { fromMs } from "../../collector/flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../../collector/flow/test-spans.ts";
import type { Attributes, Span } from "../../schema/flow.ts";

/** A flow, and the spans that belong to it: what a batch took belongs to all flows that met in it. */
export interface RandomFlow {
  readonly id: string;
  readonly spans: readonly Span[];
}

const QUEUES = ["jobs", "stock", "jobs-dlq", 'it\'s "odd"'];
const SERVICES = ["api", "stock", "worker", "ünï", "a b/c"];
const TEXTS = ["gold", "basic", "", "7", "true", "0.5", "a=b", 'say "hi" \\ \n', "ΟΔΟΣ", "Straße", "İstanbul", "1e21", "-0"];

const value = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.constantFrom(0, 1, 7, -3, 0.5, -0.25, 1e21, 1e-7, 123456.789, 2 ** 53 - 1, 2 ** 53 + 2),
  fc.boolean(),
  fc.constantFrom<Attributes[string]>(["gold", 7], { inner: "Gold" }, null),
);
const attributes = (...keys: readonly string[]): fc.Arbitrary<Attributes> =>
  fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4, noNullPrototype: true });
/** Some keys are of spans and of resources, some have columns, which hold values of one type. */
const ownAttributes = attributes(
  ...["tier", "app.env", "http.route", "http.response.status_code", "db.collection.name", "error.type"],
  ...["messaging.message.id", "service.version"],
);
const resource = attributes("app.env", "service.version", "cloud.region", "host.cmd", "faas.instance");

const part = fc.record({
  service: fc.constantFrom(...SERVICES),
  name: fc.constantFrom("GET /", "POST /orders", "step", "Öffnen"),
  kind: fc.constantFrom("internal" as const, "client" as const),
  ms: fc.constantFrom(0, 0.0005, 1, 2.5, 10, 400, 65_536),
  attributes: ownAttributes,
  resource,
  status: fc.constantFrom("unset" as const, "ok" as const, "error" as const),
  statusMessage: fc.constantFrom("", "", "Declined"),
  noteGold: fc.boolean(),
});
type Part = typeof part extends fc.Arbitrary<infer Value> ? Value : never;

const flow = fc.record({
  root: part,
  trigger: fc.constantFrom("http", ""),
  cold: fc.constantFrom(true, false, false),
  below: fc.array(part, { maxLength: 3 }),
  message: fc.option(
    fc.record({
      queue: fc.constantFrom(...QUEUES),
      consumer: part,
      named: fc.boolean(),
      way: fc.constantFrom("parent" as const, "identity" as const, "link" as const),
      waitMs: fc.constantFrom(0, 40, 3_000),
      below: fc.array(part, { maxLength: 2 }),
    }),
  ),
});

/** `count` flows that begin 0.7 s after one another from `startMs` on. */
export function randomFlows({ seed, count, startMs }: { seed: number; count: number; startMs: number }): RandomFlow[] {
  return fc.sample(flow, { seed, numRuns: count }).map((made, n) => {
    const trace = `f${String(n)}`;
    const inputs = toInputs(trace, made, startMs + n * 700);
    const toWhole = ({ statusMessage, ...input }: Input): Span => ({ ...toSpan(input), statusMessage });
    return { id: traceIdOf(trace), spans: inputs.map(toWhole) };
  });
}

interface Input extends SpanInput {
  readonly statusMessage: string;
}

function toSpan(input: SpanInput): Span {
  const startTime = fromMs(input.at ?? 0);
  const made = span({ ...input, at: 0 });
  return { ...made, startTime, events: made.events.map((event) => ({ ...event, time: startTime })) };
}

function inputOf({ noteGold, ...given }: Part): Omit<Input, "trace" | "id"> {
  return { ...given, ...(noteGold && { events: [{ name: "note", attributes: { said: "all Gold", times: 70 } }] }) };
}

type MadeFlow = typeof flow extends fc.Arbitrary<infer Value> ? Value : never;

function toInputs(trace: string, { root, trigger, cold, below, message }: MadeFlow, startMs: number): Input[] {
  const faas: Attributes = trigger === "" ? {} : { "faas.trigger": trigger, "faas.coldstart": cold };
  const rootInput = inputOf(root);
  // What runs below is of the same process.
  const inRoot = { service: root.service, resource: root.resource };
  const inputs: Input[] = [
    { ...rootInput, trace, id: `${trace}-r`, kind: "server", at: startMs, attributes: { ...root.attributes, ...faas } },
    ...below.map((each, at) => ({ ...inputOf(each), ...inRoot, trace, id: `${trace}-${String(at)}`, parent: `${trace}-r`, at: startMs + at })),
  ];
  if (message === null) return inputs;
  const { queue, consumer, named, way, waitMs } = message;
  const sent = { "messaging.system": "aws_sqs", "messaging.destination.name": queue, "messaging.message.id": trace };
  const takerTrace = way === "parent" ? trace : `${trace}-c`;
  const takenMs = startMs + 5 + waitMs;
  inputs.push({
    ...inputOf({ ...root, status: "unset", statusMessage: "" }),
    ...{ trace, id: `${trace}-p`, parent: `${trace}-r`, kind: "producer", at: startMs + 4, ms: 1 },
    attributes: { ...sent, "messaging.operation.type": "send" },
  });
  const ofConsumer = named ? { ...consumer.resource, "faas.name": `take-${queue}` } : consumer.resource;
  inputs.push({
    ...inputOf(consumer),
    ...{ trace: takerTrace, id: `${trace}-c`, kind: "consumer", at: takenMs },
    ...(way === "parent" && { parent: `${trace}-p` }),
    ...(way === "link" && { links: [{ trace, id: `${trace}-p` }] }),
    resource: ofConsumer,
    attributes: {
      ...consumer.attributes,
      ...sent,
      "messaging.operation.type": "process",
      "hopscope.message.sent_ms": startMs + 5,
      "faas.trigger": "pubsub",
    },
  });
  const inConsumer = { service: consumer.service, resource: ofConsumer, parent: `${trace}-c` };
  return [
    ...inputs,
    ...message.below.map((each, at) => ({ ...inputOf(each), ...inConsumer, trace: takerTrace, id: `${trace}-c${String(at)}`, at: takenMs + at })),
  ];
}
