/** One order of the checkout, as the wrapper records it: what a reader sees of it. */
import { describe, expect, it } from "vitest";
import type { Attributes, Flow, Span } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, spanIdOf, TEST_EPOCH_MS, traceIdOf, type SpanInput } from "./test-spans.ts";

const sqs = (queue: string, id: string, receiveCount = 1, sentAt = 60): Attributes => ({
  "messaging.system": "aws_sqs",
  "messaging.operation.type": "process",
  "messaging.destination.name": queue,
  "messaging.message.id": id,
  "hopscope.message.keys": [`aws_sqs:${id}`, "aws.sns:sns-1"],
  "hopscope.message.sent_ms": TEST_EPOCH_MS + sentAt,
  "hopscope.message.receive_count": receiveCount,
  "hopscope.message.via.destination.name": "orders",
});

const exception = {
  name: "exception",
  attributes: { "exception.type": "CardDeclined", "exception.message": "no funds" },
};
const failed = { status: "error" as const, events: [exception] };

const api: SpanInput[] = [
  {
    trace: "order",
    id: "api",
    name: "POST /orders",
    kind: "server",
    service: "api",
    at: 0,
    ms: 80,
    attributes: { "faas.trigger": "http", "faas.coldstart": true, "hopscope.init.duration_ms": 120 },
    resource: { "faas.name": "order-api" },
  },
  {
    trace: "order",
    id: "publish",
    parent: "api",
    name: "send orders",
    kind: "producer",
    service: "api",
    at: 40,
    ms: 20,
    attributes: {
      "messaging.system": "aws.sns",
      "messaging.operation.type": "send",
      "messaging.destination.name": "orders",
      "messaging.message.id": "sns-1",
      "hopscope.message.keys": ["aws.sns:sns-1"],
    },
  },
];

const payment = (id: string, at: number, receiveCount: number, extra: Partial<SpanInput> = {}): SpanInput => ({
  trace: "order",
  id,
  parent: "publish",
  name: "process payments",
  kind: "consumer",
  service: "payment",
  at,
  ms: 50,
  attributes: { "faas.trigger": "pubsub", ...sqs("payments", "pay-1", receiveCount) },
  resource: { "faas.name": "payment" },
  ...extra,
});

const inventory: SpanInput[] = [
  {
    trace: "batch",
    id: "poll",
    name: "receive inventory",
    kind: "consumer",
    service: "inventory",
    at: 100,
    ms: 40,
    attributes: {
      "messaging.system": "aws_sqs",
      "messaging.operation.type": "receive",
      "messaging.destination.name": "inventory",
      "messaging.batch.message_count": 2,
      "hopscope.message.keys": ["aws_sqs:inv-1", "aws.sns:sns-1", "aws_sqs:inv-2", "aws.sns:sns-2"],
    },
    links: [
      { trace: "order", id: "publish", attributes: sqs("inventory", "inv-1") },
      {
        trace: "other",
        id: "publish2",
        attributes: { ...sqs("inventory", "inv-2"), "hopscope.message.keys": ["aws_sqs:inv-2"] },
      },
    ],
  },
  {
    trace: "order",
    id: "part1",
    parent: "publish",
    name: "process inventory",
    kind: "consumer",
    service: "inventory",
    at: 105,
    ms: 10,
    attributes: sqs("inventory", "inv-1"),
    links: [{ trace: "batch", id: "poll" }],
  },
  {
    trace: "other",
    id: "part2",
    parent: "publish2",
    name: "process inventory",
    kind: "consumer",
    service: "inventory",
    at: 116,
    ms: 10,
    attributes: { ...sqs("inventory", "inv-2"), "hopscope.message.keys": ["aws_sqs:inv-2"] },
    links: [{ trace: "batch", id: "poll" }],
  },
];

const otherOrder: SpanInput[] = [
  { trace: "other", id: "api2", name: "POST /orders", kind: "server", service: "api" },
  {
    trace: "other",
    id: "publish2",
    parent: "api2",
    name: "send orders",
    kind: "producer",
    service: "api",
    attributes: { "messaging.system": "aws.sns", "messaging.destination.name": "orders" },
  },
];

function flowOf(inputs: readonly SpanInput[], trace = "order"): Flow {
  const built = buildFlow(inputs.map(span), { traceId: traceIdOf(trace) });
  if (built === undefined) throw new Error("no flow");
  return built.flow;
}

const node = (id: string) => `inv:${spanIdOf(id)}`;
const hopsOf = (flow: Flow) =>
  flow.hops.map(({ from, to, kind, attempt, failed: hasFailed }) =>
    [from, kind, to, attempt ?? "", hasFailed ? "failed" : ""].join(" ").trim(),
  );

describe("an order", () => {
  const flow = flowOf([
    ...api,
    ...otherOrder,
    payment("pay-a", 100, 1, failed),
    payment("pay-b", 400, 2),
    ...inventory,
  ]);

  it("goes from the request through topic and queues to both consumers", () => {
    expect(hopsOf(flow)).toEqual([
      `${node("api")} publish topic:aws.sns:orders`,
      "topic:aws.sns:orders deliver queue:aws_sqs:inventory",
      "topic:aws.sns:orders deliver queue:aws_sqs:payments",
      `queue:aws_sqs:payments receive ${node("pay-a")} 1 failed`,
      `queue:aws_sqs:inventory receive ${node("part1")} 1`,
      `queue:aws_sqs:payments receive ${node("pay-b")} 2`,
    ]);
    expect(flow.roots).toEqual([node("api")]);
    expect(flow.id).toBe(traceIdOf("order"));
  });

  it("shows which attempt failed, why, and how long each waited", () => {
    const receives = flow.hops.filter(({ to, kind }) => kind === "receive" && to !== node("part1"));
    expect(receives.map(({ queueWaitMs }) => queueWaitMs)).toEqual([40, 250]);
    const [first, second] = flow.nodes.filter(({ name }) => name === "payment");
    expect(first).toMatchObject({
      status: "error",
      attempt: 1,
      attempts: 2,
      error: { type: "CardDeclined", message: "no funds" },
    });
    expect(second).toMatchObject({ status: "unset", attempt: 2, attempts: 2 });
    expect(flow.stats).toMatchObject({ retries: 1, errors: 1, coldStarts: 1, invocations: 4 });
    expect(flow.status).toBe("unset");
  });

  it("shows no batch where one was sent", () => {
    const sent = { "messaging.system": "kafka", "messaging.destination.name": "t", "messaging.batch.message_count": 4 };
    const sender = flowOf([
      { trace: "order", id: "api", kind: "server" },
      { trace: "order", id: "send", parent: "api", kind: "producer", attributes: sent },
    ]);
    expect(sender.nodes.find(({ id }) => id === node("api"))).not.toHaveProperty("batch");
  });

  it("counts the cost of an invocation once, whichever of its records belong to the flow", () => {
    const resource = { "faas.name": "worker", "faas.max_memory": 1024 ** 3 };
    const attributes = { "messaging.batch.message_count": 3 };
    const links = [{ trace: "batch", id: "run" }];
    const records = [1, 2, 3].map((n): SpanInput => {
      const own = { "messaging.system": "aws_sqs", "messaging.destination.name": "q", "messaging.message.id": `r${String(n)}` };
      return { trace: "batch", id: `r${String(n)}`, parent: "run", kind: "consumer", ms: 900, attributes: own, resource, links };
    });
    const flow = flowOf([{ trace: "batch", id: "run", kind: "consumer", ms: 1_000, attributes, resource }, ...records], "batch");
    expect(flow.stats).toMatchObject({ gbSeconds: 1 });
  });

  it("shows its own record of a batch and how large the batch was", () => {
    const part = flow.nodes.find(({ id }) => id === node("part1"));
    expect(part?.batch).toEqual({ size: 2, traceId: traceIdOf("batch"), spanId: spanIdOf("poll") });
    expect(part?.spanIds).toEqual([spanIdOf("part1"), spanIdOf("poll")]);
    expect(flow.traceIds).toEqual([traceIdOf("batch"), traceIdOf("order")].sort());
  });

  it("is the same whichever of its traces is asked for, and whatever order its spans came in", () => {
    const spans = [...api, ...otherOrder, payment("pay-a", 100, 1, failed), payment("pay-b", 400, 2), ...inventory];
    expect(flowOf(spans.toReversed())).toEqual(flow);
    expect(flowOf([...spans, ...spans])).toEqual(flow);
  });

  it("leads to the last effect on its critical path", () => {
    const topicAndQueue = ["topic:aws.sns:orders", "queue:aws_sqs:payments"];
    expect(flow.criticalPath).toEqual([node("api"), ...topicAndQueue, node("pay-b")]);
  });
});

describe("a payment that never succeeds", () => {
  const deadLetter = payment("dead", 900, 4, {
    service: "support",
    attributes: { ...sqs("payments-dead", "pay-1", 4), "hopscope.dead_letter.source.name": "payments" },
    resource: { "faas.name": "support" },
  });
  const attempts = [payment("a1", 100, 1, failed), payment("a2", 300, 2, failed), payment("a3", 500, 3, failed)];

  it("waits for its next attempt", () => {
    const flow = flowOf([...api, ...attempts]);
    expect(flow.status).toBe("error");
    expect(flow.gaps).toMatchObject([{ kind: "waiting-for-retry", nodeId: node("a3"), messageId: "pay-1" }]);
  });

  it("goes on to the dead-letter queue and whoever reads it", () => {
    const flow = flowOf([...api, ...attempts, deadLetter]);
    expect(hopsOf(flow)).toContain("queue:aws_sqs:payments dead-letter queue:aws_sqs:payments-dead");
    expect(hopsOf(flow)).toContain(`queue:aws_sqs:payments-dead receive ${node("dead")} 4`);
    expect(flow.nodes.find(({ id }) => id === "queue:aws_sqs:payments-dead")?.deadLetter).toBe(true);
    expect(flow.stats.deadLetters).toBe(1);
    expect(flow.status).toBe("error");
    expect(flow.gaps).toEqual([]);
  });

  it("is found in the dead-letter queue by its id alone", () => {
    const unnamed: SpanInput = { ...deadLetter, trace: "lost", attributes: sqs("payments-dead", "pay-1", 4) };
    const { parent: _parent, ...root } = unnamed;
    const flow = flowOf([...api, ...attempts, root]);
    expect(hopsOf(flow)).toContain("queue:aws_sqs:payments dead-letter queue:aws_sqs:payments-dead");
    expect(flow.traceIds).toContain(traceIdOf("lost"));
  });

  it("continues after a redrive, which mends it", () => {
    const flow = flowOf([...api, ...attempts, deadLetter, payment("again", 2000, 1)]);
    expect(hopsOf(flow)).toContain("queue:aws_sqs:payments-dead redrive queue:aws_sqs:payments");
    expect(flow.status).toBe("unset");
  });
});

describe("a batch that was given back in part", () => {
  const batch: SpanInput = {
    trace: "batch",
    id: "both",
    name: "process payments",
    kind: "consumer",
    service: "payment",
    at: 100,
    status: "error",
    attributes: {
      "messaging.system": "aws_sqs",
      "messaging.operation.type": "process",
      "messaging.destination.name": "payments",
      "messaging.batch.message_count": 2,
    },
    links: [
      { trace: "order", id: "publish", attributes: { ...sqs("payments", "pay-1"), "hopscope.message.returned": true } },
      { trace: "other", id: "publish2", attributes: { ...sqs("payments", "pay-2"), "hopscope.message.keys": ["aws_sqs:pay-2"] } },
    ],
  };

  it.for([
    ["order", `queue:aws_sqs:payments receive ${node("both")} 1 failed`],
    ["other", `queue:aws_sqs:payments receive ${node("both")} 1`],
  ] as const)("failed for those messages alone, not for that of the order %s", ([trace, delivery]) => {
    expect(hopsOf(flowOf([...api, ...otherOrder, batch], trace))).toContain(delivery);
  });
});

describe("a batch that failed with two messages of one order", () => {
  const take = (id: string, at: number, messages: readonly string[], status: Span["status"]): SpanInput => ({
    trace: id,
    id,
    kind: "consumer",
    service: "payment",
    at,
    status,
    attributes: { "messaging.system": "aws_sqs", "messaging.batch.message_count": messages.length },
    links: messages.map((message) => ({ trace: "order", id: message, attributes: named(message) })),
  });
  const named = (message: string): Attributes => {
    return { "messaging.system": "aws_sqs", "messaging.message.id": message, "messaging.destination.name": "payments" };
  };
  const sent = ["a", "b"].map((message): SpanInput => {
    const attributes = named(message);
    return { trace: "order", id: message, parent: "api", kind: "producer", service: "api", at: 20, ms: 5, attributes };
  });

  it.for([
    [["a"], "error"],
    [["a", "b"], "unset"],
  ] as const)("came out well once all of them did: %o", ([again, status]) => {
    const flow = flowOf([...api, ...sent, take("one", 100, ["a", "b"], "error"), take("two", 200, again, "unset")], "order");
    expect(flow.status).toBe(status);
  });
});

describe("what is missing", () => {
  it("is said where a message was sent and not received", () => {
    const flow = flowOf(api);
    expect(flow.gaps).toMatchObject([
      {
        kind: "not-received",
        nodeId: "topic:aws.sns:orders",
        messageId: "sns-1",
        message: "last seen entering topic orders at 12:00:00.060; nothing received",
      },
    ]);
  });

  it("is said of what was read, where a bound cut the flow", () => {
    const truncated = { limit: "rounds", value: 1 };
    const gaps = buildFlow(api.map(span), { traceId: traceIdOf("order"), truncated })?.flow.gaps;
    expect(gaps?.map(({ message }) => message)).toEqual([
      expect.stringMatching(/; nothing received in what was read, as a bound cut the flow$/),
    ]);
  });

  it("may be a segment of X-Ray where the trace id is one that X-Ray made at that time", () => {
    const own = { ...span({ trace: "t", id: "run", parent: "segment", kind: "consumer" }) };
    const made = Math.floor(TEST_EPOCH_MS / 1000 - 60).toString(16);
    const message = (traceId: string) => buildFlow([{ ...own, traceId }], { traceId })?.flow.gaps[0]?.message;
    expect(message(made + "a".repeat(24))).toMatch(/no span [0-9a-f]{16}, which may be an X-Ray segment$/);
    expect(message("f".repeat(32))).toMatch(/no span [0-9a-f]{16}$/);
  });

  it("is said where the caller sent no span", () => {
    const flow = flowOf([payment("pay-a", 100, 1)]);
    expect(flow.gaps).toMatchObject([{ kind: "missing-parent", nodeId: node("pay-a") }]);
    expect(flow.nodes.map(({ id }) => id)).toEqual(["queue:aws_sqs:payments", "topic:aws.sns:orders", node("pay-a")]);
  });
});

describe("without trace context", () => {
  const strip = (input: Span): Span => {
    const { parentSpanId: _parent, ...root } = input;
    return input.kind === "consumer" ? { ...root, traceId: traceIdOf(input.spanId.slice(-12)), links: [] } : input;
  };

  it("the message's own id joins the same hops", () => {
    const inputs = [...api, payment("pay-a", 100, 1, failed), payment("pay-b", 400, 2)].map(span);
    const traceId = traceIdOf("order");
    const [whole, stripped] = [inputs, inputs.map(strip)].map((spans) => buildFlow(spans, { traceId })?.flow);
    expect(hopsOf(stripped as Flow)).toEqual(hopsOf(whole as Flow));
    expect(stripped?.hops.map(({ joinedBy }) => joinedBy)).toContain("identity");
  });
});
