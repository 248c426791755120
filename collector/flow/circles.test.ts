/** Spans that lead back to themselves: broken ones, and a request that waits for the answer to its message. */
import { describe, expect, it } from "vitest";
import type { Attributes } from "../../schema/flow.ts";
import { buildFlow, type BuiltFlow } from "./build-flow.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "./test-spans.ts";

const api: SpanInput = { trace: "t", id: "api", kind: "server", service: "api", name: "POST /orders", ms: 50 };
const server = (id: string, parent: string, at: number, service = id): SpanInput => {
  return { trace: "t", id, parent, kind: "server", service, at };
};

function flowOf(spans: readonly SpanInput[], trace = "t"): BuiltFlow {
  return buildFlow(spans.map(span), { traceId: traceIdOf(trace) }) ?? expect.fail("no flow");
}

const idsOf = (spans: readonly SpanInput[]) => spans.map(({ id }) => spanIdOf(id)).sort();
const shownBy = ({ flow }: BuiltFlow) => flow.nodes.flatMap(({ spanIds }) => spanIds).sort();

const circles: readonly (readonly [name: string, spans: readonly SpanInput[], head: string])[] = [
  ["two services", [server("b", "c", 10), server("c", "b", 20)], "b"],
  ["two services, and what they called", [server("b", "c", 10), server("c", "b", 20), server("d", "c", 30)], "b"],
  ["three services", [server("b", "d", 30), server("c", "b", 20), server("d", "c", 10)], "d"],
  ["one process", [{ trace: "t", id: "b", parent: "c", at: 20 }, { trace: "t", id: "c", parent: "b", at: 10 }], "c"],
  ["one span alone", [{ trace: "t", id: "b", parent: "b" }], "b"],
];

describe("spans that are each other's parents", () => {
  it.for(circles)("are shown beside the request that their trace begins with: %s", ([, spans, head]) => {
    const all = [api, ...spans];
    const built = flowOf(all);
    expect(shownBy(built)).toEqual(idsOf(all));
    expect(built.flow.name).toBe("POST /orders");
    expect(built.flow.gaps).toMatchObject([{ kind: "missing-parent", nodeId: `inv:${spanIdOf(head)}` }]);
    expect(built.flow.gaps[0]?.message).toMatch(/name one another as parents|names itself as its parent/);
    expect(flowOf(all.toReversed())).toEqual(built);
  });

  it.for(circles)("are a flow where nothing else is there: %s", ([, spans, head]) => {
    const built = flowOf(spans);
    expect(shownBy(built)).toEqual(idsOf(spans));
    expect(built.flow.roots).toEqual([`inv:${spanIdOf(head)}`]);
    expect(built.beginsHere).toBe(true);
  });

  it.for(circles)("are shown from the trace of the message that led to them: %s", ([, spans]) => {
    const sent = { "messaging.system": "aws_sqs", "messaging.destination.name": "jobs", "messaging.message.id": "m" };
    const producer: SpanInput = { trace: "up", id: "send", kind: "producer", attributes: sent };
    const root: SpanInput = { trace: "t", id: "take", kind: "consumer", service: "worker", at: 5, attributes: sent };
    const all = [producer, root, ...spans];
    expect(shownBy(flowOf(all, "up"))).toEqual(idsOf(all));
    expect(shownBy(flowOf(all, "t"))).toEqual(idsOf(all));
  });
});

describe("a request that waits for the answer to its message", () => {
  const message = (queue: string, id: string): Attributes => {
    return { "messaging.system": "aws_sqs", "messaging.destination.name": queue, "messaging.message.id": id };
  };
  const spans: SpanInput[] = [
    api,
    { trace: "t", id: "ask", parent: "api", kind: "producer", service: "api", at: 5, ms: 2, attributes: message("asked", "m1") },
    { trace: "t", id: "work", parent: "ask", kind: "consumer", service: "worker", at: 10, ms: 20, attributes: message("asked", "m1") },
    { trace: "t", id: "tell", parent: "work", kind: "producer", service: "worker", at: 25, ms: 2, attributes: message("told", "m2") },
    {
      ...{ trace: "t", id: "hear", parent: "api", kind: "consumer", service: "api", at: 30, ms: 5 },
      attributes: message("told", "m2"),
      links: [{ trace: "t", id: "tell" }],
    },
  ];

  it("is the flow's begin, though the answer led back to it, and nothing is missing", () => {
    const { flow, beginsHere } = flowOf(spans);
    expect(flow).toMatchObject({ name: "POST /orders", roots: [`inv:${spanIdOf("api")}`], gaps: [] });
    expect(beginsHere).toBe(true);
    const receives = flow.hops.filter(({ kind }) => kind === "receive");
    expect(receives.map(({ to, messageId }) => [to, messageId])).toEqual([
      [`inv:${spanIdOf("work")}`, "m1"],
      [`inv:${spanIdOf("api")}`, "m2"],
    ]);
  });

  it("begins with what called it, where that is known", () => {
    const called = spans.map((each) => (each.id === "api" ? { ...each, parent: "call" } : each));
    const shop: SpanInput = { trace: "t", id: "shop", kind: "server", service: "shop", name: "checkout", at: -5, ms: 90 };
    const call: SpanInput = { trace: "t", id: "call", parent: "shop", kind: "client", service: "shop", at: -2, ms: 60 };
    const { flow } = flowOf([shop, call, ...called]);
    expect(flow).toMatchObject({ name: "checkout", roots: [`inv:${spanIdOf("shop")}`], gaps: [] });
  });
});
