/** Flows as only broken or hostile senders make them: what they take grows as they do, and no faster. */
import { Session } from "node:inspector/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attributes } from "../../schema/flow.ts";
import { span, traceIdOf, type SpanInput } from "./test-spans.ts";

const FEW = 200;
const MANY = 800;
/** More than sorting adds, and half of what comparing each with each takes for four times as many. */
const GROWTH_MAX = 6;

const counting = new Session();
/** Loaded while its steps are counted, as what was compiled before is not. */
let run: (spans: readonly SpanInput[]) => number;

beforeAll(async () => {
  counting.connect();
  await counting.post("Profiler.enable");
  await counting.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const { buildFlow } = await import("./build-flow.ts");
  const { outlineOf } = await import("../../schema/flow-outline.ts");
  run = (inputs) => {
    const built = buildFlow(inputs.map(span), { traceId: traceIdOf(inputs[0]?.trace ?? "") });
    const { spans, flow } = outlineOf(built ?? expect.fail("no flow"));
    const shown = new Set(flow.nodes.flatMap((node) => node.spans));
    expect(shown.size).toBe(spans.name.length);
    return shown.size;
  };
});
afterAll(() => counting.disconnect());

/** How often any piece of the code ran since this was asked the last time. */
async function steps(): Promise<number> {
  const { result } = await counting.post("Profiler.takePreciseCoverage");
  const own = result.filter(({ url }) => /collector\/flow\/|flow-outline/.test(url));
  const ranges = own.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

const queue: Attributes = { "messaging.system": "aws_sqs", "messaging.destination.name": "jobs" };
const send: Attributes = { ...queue, "messaging.operation.type": "send" };
const process: Attributes = { ...queue, "messaging.operation.type": "process" };
const topic: Attributes = { ...send, "messaging.system": "aws.sns" };

const keyOf = (n: number) => `aws_sqs:m${String(n)}`;
const message = (n: number): Attributes => ({ "messaging.message.id": `m${String(n)}` });
const times = <Item>(count: number, make: (n: number) => Item) => Array.from({ length: count }, (_, n) => make(n));
const idOf = (n: number) => `c${String(n)}`;
const parentOf = (n: number) => (n === 0 ? {} : { parent: idOf(n - 1) });
const serviceOf = (n: number) => `s${String(n)}`;
const linkTo = (n: number) => ({ trace: `o${String(n)}`, id: "a" });

function sendOf(count: number): SpanInput {
  return { trace: "t", id: "s", kind: "producer", attributes: { ...send, "hopscope.message.keys": times(count, keyOf) } };
}

/** Each with `n` spans, links, events or messages, and how many of its spans the flow has. */
const SHAPES: Record<string, (n: number) => readonly SpanInput[]> = {
  "spans of one id": (n) => times(n, (at) => ({ trace: "t", id: "x", at, ms: at, service: serviceOf(at) })),
  "one span sent again and again": (n) => times(n, () => ({ trace: "t", id: "x" })),
  "spans of one id, which is their parent's": (n) =>
    times(n, (at) => ({ trace: "t", id: "x", parent: "x", at, ms: at, service: serviceOf(at) })),
  "children of spans of one id": (n) =>
    times(n, (at) => ({ trace: "t", id: at % 2 ? "x" : idOf(at), parent: at % 2 ? "r" : "x", at, service: serviceOf(at) })),
  "calls in a chain": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), ...parentOf(at), at, kind: at % 2 ? "client" : "server", service: serviceOf(at >> 1) })),
  "messages in a chain, without ids": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), ...parentOf(at), at, kind: at % 2 ? "producer" : "consumer", attributes: at % 2 ? send : process })),
  "traces in a chain": (n) =>
    times(n, (at) => ({ trace: `o${String(at)}`, id: "a", at, kind: "consumer", links: at === 0 ? [] : [linkTo(at - 1)] })),
  "sends inside of sends": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), ...parentOf(at), at, kind: "producer", attributes: send })),
  "roots and orphans of one trace": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), at, kind: "server", ...(at % 2 && { parent: `gone${String(at)}` }) })),
  "links of one span to consumers": (n) => [
    { trace: "t", id: "x", kind: "consumer", attributes: process, links: times(n, linkTo) },
    ...times(n, (at): SpanInput => ({ ...linkTo(at), kind: "consumer", at, attributes: process })),
  ],
  "consumers that link to one batch": (n) => [
    { trace: "t", id: "x", kind: "consumer", attributes: process, links: times(n, (at) => ({ ...linkTo(at), attributes: message(at) })) },
    ...times(n, (at): SpanInput => ({ trace: `p${String(at)}`, id: "a", kind: "consumer", attributes: { ...process, ...message(at) }, links: [{ trace: "t", id: "x" }] })),
  ],
  "links without ids, and ids without links": (n) => [
    { trace: "t", id: "x", kind: "consumer", attributes: process, links: times(n, linkTo), events: times(n, (at) => ({ name: "e", attributes: message(n - at) })) },
    ...times(n, (at): SpanInput => ({ ...linkTo(at), kind: "producer", attributes: { ...send, ...message(at) } })),
  ],
  "messages that have one key in common": (n) => [
    { trace: "t", id: "x", kind: "consumer", attributes: process, links: times(n, (at) => ({ ...linkTo(at), attributes: { "hopscope.message.keys": ["aws_sqs:m", keyOf(at)] } })) },
  ],
  "messages whose keys lead from one to the next": (n) =>
    times(n, (at) => ({ trace: `o${String(at)}`, id: "a", at, kind: "consumer", attributes: { ...process, "hopscope.message.keys": [keyOf(at), keyOf(at + 1)] } })),
  "a batch that is tried again": (n) => [
    sendOf(n),
    ...times(3, (at): SpanInput => ({ trace: "t", id: idOf(at), parent: "s", kind: "consumer", at: 20 + at * 20, status: "error", attributes: { ...process, "messaging.batch.message_count": n, "hopscope.message.keys": times(n, keyOf) } })),
  ],
  "messages of one sending that all failed": (n) => [
    sendOf(n),
    ...times(n, (at): SpanInput => ({ trace: "t", id: idOf(at), parent: "s", kind: "consumer", at: 20 * at, status: "error", attributes: { ...process, ...message(at) } })),
  ],
  "copies of a message that all failed": (n) => [
    { trace: "t", id: "s", kind: "producer", attributes: send },
    ...times(n, (at): SpanInput => ({ trace: "t", id: idOf(at), parent: "s", kind: "consumer", at: 20 + 20 * at, status: "error", attributes: { ...process, ...message(at) } })),
  ],
  "attempts at one message": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), at: at * 20, kind: "consumer", status: "error", attributes: { ...process, ...message(0) } })),
  "an invocation that lists itself among its messages": (n) => [
    { trace: "t", id: "x", kind: "consumer", attributes: { ...process, "faas.invocation_id": "r", "messaging.batch.message_count": n, "hopscope.message.keys": [...times(n, keyOf), "aws.lambda:r"] } },
  ],
  "states of one execution that run at once": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), at, ms: 5 * n, kind: "consumer", attributes: { ...process, "messaging.system": "aws.stepfunctions", "hopscope.message.keys": ["aws.stepfunctions:e"] }, name: idOf(at) })),
  "a batch that is later by each of its senders": (n) => [
    ...times(n, (at): SpanInput => ({ ...linkTo(at), kind: "consumer", at: 20 * at, attributes: process, links: at === 0 ? [] : [linkTo(at - 1)] })),
    { trace: "x", id: "x", kind: "consumer", at: -5, attributes: process, links: times(n, linkTo) },
    ...times(n, (at): SpanInput => ({ trace: `y${String(at)}`, id: "y", kind: "consumer", at: 20 * n, attributes: process, links: [{ trace: "x", id: "x" }] })),
  ],
  "runs of one request": (n) =>
    times(n, (at) => ({ trace: "t", id: idOf(at), at: at * 20, kind: "server", status: "error", attributes: { "faas.invocation_id": "r" } })),
  "bodies that are all alike": (n) =>
    times(n, (at) => {
      const attributes: Attributes = { ...topic, "hopscope.message.keys": ["body_md5:d"] };
      const taken: Attributes = { ...process, "hopscope.message.body_md5": "d", "hopscope.message.keys": ["body_md5:d"] };
      const isTaken = at % 2 === 1;
      return { trace: "t", id: idOf(at), at: at * 60_000, kind: isTaken ? "consumer" : "producer", attributes: isTaken ? taken : attributes };
    }),
  "circles, each behind the one before": (n) =>
    times(n, (at) => {
      const trace = `o${String(Math.floor(at / 3))}`;
      if (at % 3 === 0) return { trace, id: "r", kind: "consumer", at, links: at === 0 ? [] : [linkTo(at / 3 - 1)] };
      return { trace, id: at % 3 === 1 ? "a" : "b", parent: at % 3 === 1 ? "b" : "a", kind: "server", service: serviceOf(at), at };
    }),
  "roots below one long chain": (n) => [
    ...times(n, (at): SpanInput => ({ trace: "t", id: `r${String(at)}`, at: n, kind: "consumer", links: [{ trace: "c", id: idOf(n - 2) }] })),
    ...times(n, (at): SpanInput => ({ trace: "c", id: idOf(at), ...parentOf(at), at, kind: at % 2 ? "client" : "server", service: serviceOf(at >> 1) })),
  ],
};

describe("four times as many take about four times the steps", () => {
  it.for(Object.entries(SHAPES))("%s", { timeout: 60_000 }, async ([, shape]) => {
    await steps();
    run(shape(FEW));
    const few = await steps();
    run(shape(MANY));
    const many = await steps();
    expect(few).toBeGreaterThan(FEW);
    expect(many / few).toBeLessThan(GROWTH_MAX);
  });
});

describe("a flow as deep as one may be", () => {
  it.for(["messages whose keys lead from one to the next", "sends inside of sends", "calls in a chain"])(
    "is told whole: %s",
    { timeout: 60_000 },
    (name) => {
      const spans = SHAPES[name]?.(20_000) ?? [];
      expect(run(spans)).toBe(spans.length);
    },
  );
});

describe("a batch of whose records some are in the flow", () => {
  const own = (n: number): SpanInput[] => [
    { trace: "t", id: "b", kind: "client", attributes: { ...queue, "messaging.operation.type": "receive" } },
    ...times(n, (at): SpanInput => ({ trace: "t", id: idOf(at), parent: "b", kind: "consumer", at: 1 + at, attributes: { ...process, ...message(at) } })),
    ...times(n, (at): SpanInput => ({ trace: "t", id: `w${String(at)}`, parent: "b", at: 1 })),
  ];

  it("shows the invocation's own spans with each of them, and with the first alone where these would be too many", async () => {
    const { buildFlow } = await import("./build-flow.ts");
    const namedBy = (n: number) => {
      const built = buildFlow(own(n).map(span), { traceId: traceIdOf("t") });
      const parts = built?.flow.nodes.filter(({ kind }) => kind === "invocation") ?? [];
      return parts.map(({ spanIds }) => spanIds.length);
    };
    expect(namedBy(3)).toEqual([5, 5, 5]);
    expect(namedBy(800)).toEqual([802, ...times(799, () => 1)]);
  });
});
