/** What other SDKs record, each form of some real one: every one of them gives the same hops as ours. */
import { describe, expect, it } from "vitest";
import type { Attributes, Flow } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "./test-spans.ts";

const queue = (id?: string, extra: Attributes = {}): Attributes => ({
  "messaging.system": "aws_sqs",
  "messaging.destination.name": "jobs",
  ...(id !== undefined && { "messaging.message.id": id }),
  ...extra,
});

/** An order's request, and the message that it sends with these attributes. */
const sent = (n: string, attributes: Attributes): SpanInput[] => [
  { trace: `order-${n}`, id: `api-${n}`, kind: "server", service: "api", name: "POST /jobs" },
  { trace: `order-${n}`, id: `send-${n}`, parent: `api-${n}`, kind: "producer", service: "api", at: 2, ms: 2, attributes },
];

/** `order-1` sends m1 and `order-2` sends m2, each in its own trace. */
const producers: SpanInput[] = ["1", "2"].flatMap((n) => sent(n, queue(`m${n}`)));
const worker = { kind: "consumer" as const, service: "worker", at: 50 };
const batch = queue(undefined, { "messaging.batch.message_count": 2 });
const link = (n: string, attributes: Attributes = {}) => ({ trace: `order-${n}`, id: `send-${n}`, attributes });

/** A consumer that fetches first: that span is over before the message is processed. */
const polled = (operation: string, fetched: Attributes = {}): SpanInput[] => {
  const attributes = queue();
  return [
    ...producers,
    { ...worker, trace: "w", id: "poll", ms: 5, attributes: { ...attributes, [operation]: "receive", ...fetched } },
    {
      ...worker,
      trace: "w",
      id: "run",
      parent: "poll",
      at: 60,
      ms: 30,
      attributes: { ...attributes, [operation]: "process" },
      links: [link("2")],
    },
  ];
};

interface Case {
  readonly name: string;
  readonly spans: readonly SpanInput[];
  /** The hops of the flow of `order-2`, in short. */
  readonly hops: readonly string[];
  readonly flow?: Partial<Flow>;
}

/** The hops of order-2's message where the run is shown by this span. */
const through = (id: string, joinedBy: string, message = " m2") => [
  `api-2 publish jobs${message} by ${joinedBy}`,
  `jobs receive ${id}${message} by ${joinedBy}`,
];

const cases: Case[] = [
  {
    name: "links without attributes",
    spans: [...producers, { ...worker, trace: "w", id: "run", attributes: batch, links: [link("1"), link("2")] }],
    hops: through("run", "link"),
  },
  {
    name: "links without attributes, ids in a list beside them",
    spans: [
      ...producers,
      {
        ...worker,
        trace: "w",
        id: "run",
        attributes: { ...batch, "hopscope.message.keys": ["aws_sqs:m1", "aws_sqs:m2"] },
        links: [link("1"), link("2")],
      },
    ],
    hops: through("run", "link"),
  },
  {
    name: "the message's id on the link",
    spans: [
      ...producers,
      { ...worker, trace: "w", id: "run", attributes: batch, links: [link("1", queue("m1")), link("2", queue("m2"))] },
    ],
    hops: through("run", "link"),
  },
  {
    name: "the message's id only in the receive span's events",
    spans: [
      ...producers,
      {
        ...worker,
        trace: "w",
        id: "run",
        attributes: { ...batch, "messaging.operation.type": "receive" },
        events: ["m1", "m2"].map((id) => ({ name: "message", attributes: { "messaging.message.id": id } })),
      },
    ],
    hops: through("run", "identity"),
  },
  {
    name: "the first record as parent, the rest known by id",
    spans: [
      ...producers,
      {
        ...worker,
        trace: "order-1",
        parent: "send-1",
        id: "run",
        attributes: batch,
        events: ["m1", "m2"].map((id) => ({ name: "message", attributes: { "messaging.message.id": id } })),
      },
    ],
    hops: through("run", "identity"),
  },
  {
    name: "the last record as parent, and links to the rest",
    spans: [
      ...producers,
      { ...worker, trace: "order-2", parent: "send-2", id: "run", attributes: batch, links: [link("1", queue("m1"))] },
    ],
    hops: through("run", "parent"),
  },
  {
    name: "one send of two messages as parent of all their consumers",
    spans: [
      ...sent("2", { ...batch, "hopscope.message.keys": ["aws_sqs:m1", "aws_sqs:m2"] }),
      { ...worker, trace: "order-2", parent: "send-2", id: "run-1", attributes: queue("m1") },
      { ...worker, trace: "order-2", parent: "send-2", id: "run-2", attributes: queue("m2"), at: 60 },
    ],
    hops: [
      "api-2 publish jobs m1 by parent",
      "api-2 publish jobs m2 by parent",
      "jobs receive run-1 m1 by parent",
      "jobs receive run-2 m2 by parent",
    ],
  },
  {
    name: "a parent out of X-Ray that never arrives",
    spans: [...producers, { ...worker, trace: "xray", parent: "segment", id: "run", attributes: queue("m2") }],
    hops: through("run", "identity"),
  },
  {
    name: "a create span for each message and one send beside them",
    spans: [
      { trace: "order-2", id: "api-2", kind: "server", service: "api" },
      {
        trace: "order-2",
        id: "create-2",
        parent: "api-2",
        kind: "producer",
        service: "api",
        attributes: queue(undefined, { "messaging.operation.type": "create" }),
      },
      {
        trace: "order-2",
        id: "send-2",
        parent: "api-2",
        kind: "client",
        service: "api",
        at: 2,
        ms: 2,
        attributes: queue("m2", { "messaging.operation.type": "send" }),
        links: [{ trace: "order-2", id: "create-2" }],
      },
      { ...worker, trace: "order-2", parent: "create-2", id: "run", attributes: queue("m2") },
    ],
    hops: through("run", "parent"),
  },
  {
    name: "an SNS envelope in the body, both ids known",
    spans: [
      ...sent("2", {
        "messaging.system": "aws_sns",
        "messaging.destination.name": "arn:aws:sns:eu-west-1:111111111111:orders",
        "messaging.message.id": "s2",
      }),
      {
        ...worker,
        trace: "w",
        id: "run",
        attributes: queue("m2", { "hopscope.message.keys": ["AmazonSQS:m2", "aws.sns:s2"] }),
      },
    ],
    hops: [
      "api-2 publish orders s2 by identity",
      "orders deliver jobs m2 by identity",
      "jobs receive run m2 by identity",
    ],
  },
  {
    name: "old names: messaging.destination, AmazonSQS, a queue URL",
    spans: [
      { trace: "order-2", id: "api-2", kind: "server", service: "api" },
      {
        trace: "order-2",
        id: "send-2",
        parent: "api-2",
        kind: "client",
        service: "api",
        at: 2,
        ms: 2,
        attributes: {
          "messaging.system": "AmazonSQS",
          "messaging.operation": "publish",
          "messaging.message.id": "m2",
          "messaging.destination": "https://sqs.eu-west-1.amazonaws.com/111111111111/jobs",
        },
      },
      {
        ...worker,
        trace: "w",
        id: "run",
        attributes: { "messaging.system": "AmazonSQS", "messaging.source.name": "jobs", "messaging.message.id": "m2" },
      },
    ],
    hops: through("run", "identity"),
  },
  {
    name: "a Lambda server span, one consumer span for the event and one for each message",
    spans: [
      ...producers,
      {
        trace: "w",
        id: "lambda",
        kind: "server",
        service: "worker",
        at: 48,
        ms: 40,
        attributes: { "faas.trigger": "pubsub", "faas.invocation_id": "r" },
      },
      { ...worker, trace: "w", id: "event", parent: "lambda", at: 49, ms: 30, attributes: batch },
      { ...worker, trace: "w", id: "part-1", parent: "event", at: 50, attributes: queue("m1"), links: [link("1")] },
      { ...worker, trace: "w", id: "part-2", parent: "event", at: 60, attributes: queue("m2"), links: [link("2")] },
    ],
    hops: through("part-2", "link"),
  },
  {
    name: "one id in a queue and then its dead-letter queue",
    spans: [
      ...producers,
      { ...worker, trace: "w1", id: "run", status: "error", attributes: queue("m2") },
      {
        ...worker,
        trace: "w2",
        id: "dead",
        at: 500,
        attributes: queue("m2", { "messaging.destination.name": "jobs-dead" }),
      },
    ],
    hops: [
      ...through("run", "identity"),
      "jobs dead-letter jobs-dead m2 by identity",
      "jobs-dead receive dead m2 by identity",
    ],
  },
  {
    name: "the id kept by a redrive",
    spans: [
      ...producers,
      { ...worker, trace: "w1", id: "run", status: "error", attributes: queue("m2") },
      {
        ...worker,
        trace: "w2",
        id: "dead",
        at: 500,
        status: "error",
        attributes: queue("m2", { "messaging.destination.name": "jobs-dead" }),
      },
      { ...worker, trace: "w3", id: "again", at: 900, attributes: queue("m2") },
    ],
    hops: [
      ...through("run", "identity"),
      "jobs dead-letter jobs-dead m2 by identity",
      "jobs-dead receive dead m2 by identity",
      "jobs-dead redrive jobs m2 by identity",
      "jobs receive again m2 by identity",
    ],
    flow: { status: "unset" },
  },
  {
    name: "two accounts with queues of one name",
    spans: [
      ...producers.map((input) => ({ ...input, resource: { "cloud.account.id": "111111111111" } })),
      { ...worker, trace: "w1", id: "run", attributes: queue("m2"), resource: { "cloud.account.id": "111111111111" } },
      {
        trace: "w1",
        id: "on",
        parent: "run",
        kind: "producer",
        service: "worker",
        at: 55,
        ms: 1,
        attributes: queue("m3", { "aws.sqs.queue.url": "https://sqs.eu-west-1.amazonaws.com/222222222222/jobs" }),
      },
      {
        ...worker,
        trace: "w2",
        id: "far",
        service: "far",
        at: 90,
        attributes: queue("m3"),
        resource: { "cloud.account.id": "222222222222" },
      },
    ],
    hops: [
      "api-2 publish jobs@111111111111 m2 by identity",
      "jobs@111111111111 receive run m2 by identity",
      "run publish jobs@222222222222 m3 by identity",
      "jobs@222222222222 receive far m3 by identity",
    ],
  },
  {
    name: "a poll that is over before its message is processed",
    spans: polled("messaging.operation.type"),
    hops: through("run", "link"),
    flow: { stats: expect.objectContaining({ invocations: 1, busyMs: 40 }) as Flow["stats"] },
  },
  {
    name: "the same under the older name, with the number of messages",
    spans: polled("messaging.operation", { "messaging.batch.message_count": 1 }),
    hops: through("run", "link"),
  },
  {
    name: "the id under its older name",
    spans: [
      ...sent("2", { "messaging.system": "aws.sqs", "messaging.destination": "jobs", "messaging.message_id": "m2" }),
      {
        ...worker,
        trace: "w",
        id: "run",
        attributes: { "messaging.system": "aws.sqs", "messaging.destination": "jobs", "messaging.message_id": "m2" },
      },
    ],
    hops: through("run", "identity"),
  },
  {
    name: "a link to a trace beyond retention",
    spans: [
      { ...worker, trace: "order-2", id: "run", attributes: queue(), links: [{ trace: "long-ago", id: "gone" }] },
    ],
    hops: ["jobs receive run by identity"],
    flow: {
      gaps: [
        expect.objectContaining({ kind: "missing-parent", message: expect.stringContaining(traceIdOf("long-ago")) }),
      ],
    },
  },
];

function hopsOf(flow: Flow): string[] {
  const short = (id: string) =>
    id.startsWith("inv:")
      ? Buffer.from(id.slice(4), "hex").toString().replaceAll("\0", "")
      : id.split(":").slice(2).join(":");
  return flow.hops.map(
    ({ from, to, kind, messageId, joinedBy }) =>
      `${short(from)} ${kind} ${short(to)}${messageId ? ` ${messageId}` : ""} by ${joinedBy}`,
  );
}

describe("a flow of another SDK", () => {
  it.for(cases)("joins with $name", ({ spans, hops, flow: expected = {} }) => {
    const built = buildFlow(spans.map(span), { traceId: traceIdOf("order-2") });
    if (built === undefined) throw new Error("no flow");
    expect(hopsOf(built.flow).toSorted()).toEqual([...hops].toSorted());
    expect(built.flow).toMatchObject(expected);
    expect(built.spans.some(({ spanId }) => spanId === spanIdOf("api-1"))).toBe(false);
  });

  it("is the same from the trace of a consumer that fetched one message", () => {
    const spans = polled("messaging.operation.type").map(span);
    const [fromProducer, fromConsumer] = ["order-2", "w"].map((trace) => buildFlow(spans, { traceId: traceIdOf(trace) }));
    expect(fromConsumer?.flow).toEqual(fromProducer?.flow);
  });

  it("counts what brokers say of a message: when it came, and how often it was delivered", () => {
    const own = { "messaging.system": "servicebus", "messaging.destination.name": "jobs", "messaging.message.id": "m" };
    const enqueued = { "messaging.servicebus.message.enqueued_time": Date.parse("2026-11-21T12:00:01Z") / 1000 };
    const attributes = { ...own, ...enqueued, "messaging.servicebus.message.delivery_count": 3 };
    const spans: SpanInput[] = [
      { trace: "t", id: "send", kind: "producer", service: "api", attributes: own },
      { ...worker, trace: "t", id: "run", parent: "send", at: 5_000, attributes },
    ];
    const built = buildFlow(spans.map(span), { traceId: traceIdOf("t") });
    const received = built?.flow.hops.find(({ kind }) => kind === "receive");
    expect(received).toMatchObject({ attempt: 3, queueWaitMs: 4_000 });
  });

  it("joins all consumers of a fan-out of 10,000 messages", () => {
    const messages = Array.from({ length: 10_000 }, (_, at) => `m${String(at)}`);
    const spans: SpanInput[] = [
      { trace: "order-2", id: "api-2", kind: "server", service: "api" },
      {
        trace: "order-2",
        id: "send-2",
        parent: "api-2",
        kind: "producer",
        service: "api",
        attributes: queue(undefined, { "hopscope.message.keys": messages.map((id) => `aws_sqs:${id}`) }),
      },
      ...messages.map((id, at): SpanInput => ({
        ...worker,
        trace: `w-${id}`,
        id: `r${String(at)}`,
        at: at + 1,
        attributes: queue(id),
      })),
    ];
    const built = buildFlow(spans.map(span), { traceId: traceIdOf("order-2") });
    expect(built?.flow.stats.invocations).toBe(10_000);
    expect(built?.flow.hops).toHaveLength(20_000);
    expect(built?.flow.gaps).toEqual([]);
  });
});
