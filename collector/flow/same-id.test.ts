/** Span ids that are there twice: each span is shown once, in a node of its own. */
import { describe, expect, it } from "vitest";
import { outlineOf } from "../../schema/flow-outline.ts";
import type { Attributes } from "../../schema/flow.ts";
import { buildFlow, type BuiltFlow } from "./build-flow.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "./test-spans.ts";

const message: Attributes = {
  "messaging.system": "aws_sqs",
  "messaging.destination.name": "jobs",
  "messaging.message.id": "m",
};

function flowOf(spans: readonly SpanInput[], trace: string): BuiltFlow {
  return buildFlow(spans.map(span), { traceId: traceIdOf(trace) }) ?? expect.fail("no flow");
}

/** What the nodes show, and what their outline does: `service name: spans`. */
function shown(built: BuiltFlow): { node: string; id: string; spans: string[] }[] {
  const { flow, spans } = outlineOf(built);
  const nodes = flow.nodes.map(({ id, name, spans: at }) => {
    return { id, node: name, spans: at.map((place) => spans.texts[spans.name[place] ?? -1] ?? "") };
  });
  const told = built.flow.nodes.map(({ id, spanPositions }) => [id, spanPositions?.map((at) => built.spans[at]?.name)]);
  for (const [id, names] of told) if (names) expect(nodes.find((node) => node.id === id)?.spans).toEqual(names);
  return nodes.filter(({ spans: own }) => own.length > 0);
}

describe("two traces of a flow with one span id", () => {
  const spans: SpanInput[] = [
    { trace: "one", id: "x", kind: "server", service: "api", name: "POST /orders", ms: 20 },
    { trace: "one", id: "y", parent: "x", kind: "producer", service: "api", name: "send", at: 5, ms: 2, attributes: message },
    { trace: "two", id: "x", kind: "consumer", service: "worker", name: "process", at: 30, attributes: message },
    { trace: "two", id: "y", parent: "x", service: "worker", name: "charge", at: 32, ms: 3 },
  ];
  const built = flowOf(spans, "one");

  it("shows each in the node that it belongs to", () => {
    expect(shown(built)).toEqual([
      { id: `inv:${spanIdOf("x")}`, node: "POST /orders", spans: ["POST /orders", "send"] },
      { id: `inv:${spanIdOf("x")}~2`, node: "worker", spans: ["process", "charge"] },
    ]);
    expect(built.flow.stats).toMatchObject({ spans: 4, invocations: 1 });
    expect(built.flow.hops.map(({ from, to }) => [from, to])).toEqual([
      [`inv:${spanIdOf("x")}`, "queue:aws_sqs:jobs"],
      ["queue:aws_sqs:jobs", `inv:${spanIdOf("x")}~2`],
    ]);
  });

  it("is the same whichever trace is asked for, and in whichever order spans came", () => {
    expect(flowOf(spans.toReversed(), "two").flow).toEqual(built.flow);
  });

  it("has each span below its own parent in the outline, and says which ids are there twice", () => {
    const { spans: columns } = outlineOf(built);
    expect(columns.parent).toEqual([-1, 0, -1, 2]);
    expect(columns.repeated).toEqual([2, 3]);
  });

  it("names no positions where every id is there once", () => {
    const { flow } = flowOf(spans.slice(0, 2), "one");
    expect(flow.nodes.filter(({ spanPositions }) => spanPositions)).toEqual([]);
  });
});

describe("one trace with one span id twice", () => {
  const root: SpanInput = { trace: "t", id: "root", kind: "server", service: "api", name: "GET /", ms: 100 };

  it("is a call and its answer where a caller shares its id with who it called, as Zipkin's tracers do", () => {
    const built = flowOf(
      [
        root,
        { trace: "t", id: "x", parent: "root", kind: "client", service: "api", name: "call", at: 10, ms: 50 },
        { trace: "t", id: "x", parent: "root", kind: "server", service: "stock", name: "GET /stock", at: 20, ms: 30 },
        { trace: "t", id: "query", parent: "x", kind: "client", service: "stock", name: "query", at: 25, ms: 5 },
      ],
      "t",
    );
    expect(shown(built)).toEqual([
      { id: `inv:${spanIdOf("root")}`, node: "GET /", spans: ["GET /", "call"] },
      { id: `inv:${spanIdOf("x")}`, node: "GET /stock", spans: ["GET /stock", "query"] },
    ]);
    expect(built.flow.hops).toMatchObject([{ kind: "call", from: `inv:${spanIdOf("root")}`, to: `inv:${spanIdOf("x")}` }]);
  });

  it("is two spans where ids were made again", () => {
    const call = { trace: "t", id: "x", parent: "root", kind: "client", service: "api" } as const;
    const built = flowOf([root, { ...call, name: "first", at: 10 }, { ...call, name: "second", at: 50 }], "t");
    expect(shown(built)).toMatchObject([{ spans: ["GET /", "first", "second"] }]);
    expect(built.flow.stats.spans).toBe(3);
  });

  it.for([
    ["as it was", {}],
    ["with the name that it had until its route was known", { name: "GET" }],
    ["from a clock that is set right since", { at: -5_000 }],
  ] as const)("is one span where it was sent again %s", ([, again]) => {
    const built = flowOf([root, { ...root, ...again }], "t");
    expect(built.flow.stats.spans).toBe(1);
    expect(shown(built)).toHaveLength(1);
  });
});
