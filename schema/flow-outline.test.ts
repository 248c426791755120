import { expect, it } from "vitest";
import type { Flow, Span } from "./flow.ts";
import { flowOutlineSchema, outlineOf } from "./flow-outline.ts";

const START = "2026-11-21T12:00:00.000000000Z";

const span = (spanId: string, more: Partial<Span>): Span => ({
  traceId: "0".repeat(31) + "1",
  spanId: spanId.padStart(16, "0"),
  name: "work",
  kind: "internal",
  service: "shop",
  startTime: START,
  durationMs: 1,
  status: "unset",
  statusMessage: "",
  traceState: "",
  attributes: {},
  resource: { "service.name": "shop" },
  scope: "",
  events: [],
  links: [],
  ...more,
});

const spans = [
  span("b", {
    parentSpanId: "a".padStart(16, "0"),
    startTime: "2026-11-21T12:00:01.000000001Z",
    kind: "producer",
    attributes: {
      "messaging.destination.name": "orders",
      "messaging.message.id": "m-1",
      "hopscope.message.keys": ["aws_sqs:m-1", "aws_kinesis:shard:7"],
    },
  }),
  span("a", { name: "order", status: "error", attributes: { "error.type": "Declined" } }),
  span("c", {
    parentSpanId: "f".repeat(16),
    startTime: "2026-11-21T11:59:59.999000000Z",
    links: [{ traceId: "2".repeat(32), spanId: "d".repeat(16), traceState: "", attributes: {} }],
  }),
];
const node = { id: "inv:a", kind: "invocation", name: "order", service: "shop", status: "error" } as const;
const flow: Flow = {
  id: spans[0]?.traceId ?? "",
  name: "order",
  traceIds: [],
  startTime: START,
  durationMs: 2,
  status: "error",
  roots: [node.id],
  nodes: [{ ...node, startTime: START, durationMs: 1, spanIds: [spans[1]?.spanId ?? "", spans[0]?.spanId ?? ""] }],
  hops: [],
  gaps: [],
  criticalPath: [],
  stats: { spans: 3, invocations: 1, errors: 1, coldStarts: 0, retries: 0, deadLetters: 0, queueMs: 0, busyMs: 1 },
};

it("holds every span once, in order of time, with what is drawn of it", () => {
  const { spans: columns, flow: outlined } = flowOutlineSchema.parse(outlineOf({ flow, spans }));
  const { texts } = columns;
  expect(columns.ids.match(/.{16}/g)?.map((id) => id.replace(/^0+/, ""))).toEqual(["c", "a", "b"]);
  expect(columns.name.map((at) => texts[at])).toEqual(["work", "order", "work"]);
  expect(columns.kind.map((at) => texts[at])).toEqual(["internal", "internal", "producer"]);
  expect(columns.parent).toEqual([-1, -1, 1]);
  expect(columns.startMs).toEqual([-1, 0, 1000.000001]);
  expect(columns.failed).toEqual([{ span: 1, message: "Declined" }]);
  expect(columns.sent).toEqual([{ span: 2, destination: "orders", messageIds: ["m-1", "shard:7"] }]);
  expect(columns.links).toEqual([{ span: 0, to: ["d".repeat(16)] }]);
  expect(outlined.nodes[0]?.spans).toEqual([1, 2]);
});
