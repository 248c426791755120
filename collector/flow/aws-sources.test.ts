/** Hops that are no queue: tables, buckets, state machines, one function invoking another. */
import { describe, expect, it } from "vitest";
import type { Attributes, Flow } from "../../schema/flow.ts";
import { buildFlow } from "./build-flow.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "./test-spans.ts";

const api: SpanInput = { trace: "t", id: "api", kind: "server", service: "api", ms: 100 };

function flowOf(inputs: readonly SpanInput[]): Flow {
  const built = buildFlow([api, ...inputs].map(span), { traceId: traceIdOf("t") });
  if (built === undefined) throw new Error("no flow");
  return built.flow;
}

const send = (
  kind: "client" | "producer",
  system: string,
  name: string,
  keys: string[],
  extra: Partial<SpanInput> = {},
): SpanInput => ({
  trace: "t",
  id: "send",
  parent: "api",
  kind,
  service: "api",
  at: 10,
  ms: 5,
  attributes: {
    "messaging.system": system,
    "messaging.operation.type": "send",
    "messaging.destination.name": name,
    "hopscope.message.keys": keys.map((key) => `${system}:${key}`),
  },
  ...extra,
});

const take = (
  id: string,
  system: string,
  name: string,
  key: string,
  extra: Partial<SpanInput> & { attributes?: Attributes } = {},
): SpanInput => ({
  trace: id,
  id,
  kind: "consumer",
  service: "worker",
  at: 100,
  ...extra,
  attributes: {
    "messaging.system": system,
    "messaging.destination.name": name,
    "hopscope.message.keys": [`${system}:${key}`],
    ...extra.attributes,
  },
});

const hopsOf = ({ hops }: Flow) =>
  hops.map(({ from, kind, to, attempt }) => [from, kind, to, attempt ?? ""].join(" ").trim());
const node = (id: string) => `inv:${spanIdOf(id)}`;

describe("an object written to a bucket", () => {
  const write = send("client", "aws.s3", "invoices", ["invoices/1.pdf@etag"]);

  it("leads to the function that its event starts", () => {
    const flow = flowOf([write, take("pdf", "aws.s3", "invoices", "invoices/1.pdf@etag")]);
    expect(hopsOf(flow)).toEqual([
      `${node("api")} publish bucket:aws.s3:invoices`,
      `bucket:aws.s3:invoices receive ${node("pdf")} 1`,
    ]);
  });

  it("that starts nothing is a call, and nothing is missing", () => {
    const flow = flowOf([write]);
    expect(hopsOf(flow)).toEqual([`${node("api")} call bucket:aws.s3:invoices`]);
    expect(flow.gaps).toEqual([]);
  });
});

it("a table that is read and whose stream starts a function is one node", () => {
  const flow = flowOf([
    {
      trace: "t",
      id: "get",
      parent: "api",
      kind: "client",
      service: "api",
      at: 2,
      attributes: { "rpc.service": "DynamoDB", "db.collection.name": "orders" },
    },
    send("client", "aws.dynamodb", "orders", ["orders/key:1@100", "orders/key:1@101"]),
    take("stream", "aws.dynamodb", "orders", "orders/key:1@101"),
  ]);
  expect(flow.nodes.filter(({ kind }) => kind === "table")).toHaveLength(1);
  expect(flow.gaps).toEqual([]);
  expect(hopsOf(flow)).toContain(`table:aws.dynamodb:orders receive ${node("stream")} 1`);
});

describe("a state machine", () => {
  const start = send("producer", "aws.stepfunctions", "checkout", ["arn:1"]);
  const state = (id: string, name: string, at: number, count: number, extra: Partial<SpanInput> = {}) =>
    take(id, "aws.stepfunctions", "checkout", "arn:1", {
      name: `state ${name}`,
      at,
      ...extra,
      attributes: { "hopscope.message.receive_count": count },
    });

  it("shows every state that its execution ran, and a state's retry as an attempt", () => {
    const flow = flowOf([
      start,
      state("a", "Reserve", 100, 1),
      state("b1", "Charge", 200, 1, { status: "error" }),
      state("b2", "Charge", 300, 2),
    ]);
    const runs = flow.nodes.filter(({ kind, name }) => kind === "invocation" && name === "worker");
    expect(runs.map(({ attempt, attempts }) => [attempt, attempts])).toEqual([
      [1, undefined],
      [1, 2],
      [2, 2],
    ]);
    expect(flow).toMatchObject({ status: "unset", stats: { retries: 1, errors: 1 } });
  });

  it("makes a state wait for the one before it, and not since the execution began", () => {
    const flow = flowOf([start, state("a", "Reserve", 100, 1, { ms: 30 }), state("b", "Charge", 150, 1, { ms: 10 })]);
    const waits = flow.hops.flatMap(({ kind, queueWaitMs }) => (kind === "receive" ? [queueWaitMs] : []));
    expect(waits[1]).toBe(20);
    expect(flow.stats.queueMs).toBe((waits[0] ?? 0) + 20);
  });
});

describe("what became of an asynchronous invocation, sent to a destination,", () => {
  const ran = (id: string, system: string, keys: string[], at = 100): SpanInput =>
    take(id, system, "charge", "", {
      at,
      status: "error",
      attributes: { "faas.invocation_id": "r1", "hopscope.message.keys": [...keys, "aws.lambda:r1"] },
    });
  const told = (id: string, system: string, name: string, keys: string[], attributes: Attributes = {}): SpanInput =>
    take(id, system, name, "", {
      service: "failures",
      at: 9_000,
      attributes: { "faas.invocation_id": "r9", "hopscope.message.keys": [...keys, "aws.lambda:r1"], ...attributes },
    });

  it("is caused by its last run, and no attempt of it", () => {
    const runs = [ran("run1", "aws.lambda", []), ran("run2", "aws.lambda", [], 5_000)];
    const flow = flowOf([send("producer", "aws.lambda", "charge", ["r1"]), ...runs, told("told", "aws.lambda", "charge", [])]);
    expect(hopsOf(flow)).toEqual([
      `${node("run2")} call ${node("told")} 1`,
      `${node("api")} publish queue:aws.lambda:charge`,
      `queue:aws.lambda:charge receive ${node("run1")} 1`,
      `queue:aws.lambda:charge receive ${node("run2")} 2`,
    ]);
    expect(flow.gaps).toEqual([]);
  });

  it("is waited for where it was not told yet", () => {
    const flow = flowOf([send("producer", "aws.lambda", "charge", ["r1"]), ran("run1", "aws.lambda", [])]);
    expect(flow.gaps).toMatchObject([{ kind: "waiting-for-retry" }]);
  });

  it("follows a function that a topic invoked, through a queue too", () => {
    const via = { "hopscope.message.via.system": "aws.lambda", "hopscope.message.via.destination.name": "charge" };
    const flow = flowOf([
      send("producer", "aws.sns", "charge", ["m1"]),
      ran("run", "aws.sns", ["aws.sns:m1"]),
      told("told", "aws_sqs", "failures", ["aws_sqs:q1"], via),
    ]);
    expect(hopsOf(flow)).toEqual([
      `${node("api")} publish topic:aws.sns:charge`,
      `topic:aws.sns:charge receive ${node("run")} 1`,
      `${node("run")} publish queue:aws_sqs:failures`,
      `queue:aws_sqs:failures receive ${node("told")} 1`,
    ]);
  });

  it("makes no message of a batch out of the invocation's own identity", () => {
    const batch: SpanInput = {
      ...ran("batch", "aws.kinesis", ["aws.kinesis:s:1", "aws.kinesis:s:2"]),
      events: ["s:1", "s:2"].map((id) => ({
        name: "hopscope.message",
        attributes: { "hopscope.message.keys": [`aws.kinesis:${id}`] },
      })),
    };
    const flow = flowOf([send("producer", "aws.kinesis", "charge", ["s:1"]), batch]);
    expect(flow.nodes.find(({ id }) => id === node("batch"))?.batch?.size).toBe(2);
  });
});

describe("a function that invokes another", () => {
  const invoked = take("fn", "aws.lambda", "charge", "req-1", { kind: "server" });

  it("and waits for it makes a call", () => {
    const flow = flowOf([send("client", "aws.lambda", "charge", ["req-1"]), invoked]);
    expect(hopsOf(flow)).toEqual([`${node("api")} call ${node("fn")} 1`]);
  });

  it("and goes on puts it into its queue, whose retries are attempts", () => {
    const again = { ...invoked, trace: "fn2", id: "fn2", at: 60_000 };
    const flow = flowOf([send("producer", "aws.lambda", "charge", ["req-1"]), { ...invoked, status: "error" }, again]);
    expect(hopsOf(flow)).toEqual([
      `${node("api")} publish queue:aws.lambda:charge`,
      `queue:aws.lambda:charge receive ${node("fn")} 1`,
      `queue:aws.lambda:charge receive ${node("fn2")} 2`,
    ]);
    expect(flow.status).toBe("unset");
  });

  it("that sends no spans shows it as a peer", () => {
    const flow = flowOf([send("client", "aws.lambda", "charge", ["req-1"])]);
    expect(hopsOf(flow)).toEqual([`${node("api")} call external:aws.lambda:charge`]);
    expect(flow.gaps).toEqual([]);
  });

  it("that nobody is known to have invoked begins its flow without a queue", () => {
    const flow = buildFlow([span(invoked)], { traceId: traceIdOf("fn") })?.flow;
    expect(flow?.nodes.map(({ id }) => id)).toEqual([node("fn")]);
  });

  it("is tried again under one request id: attempts", () => {
    const run = (id: string, at: number, status: "error" | "unset"): SpanInput => ({
      trace: "t",
      id,
      parent: "api",
      kind: "server",
      service: "worker",
      at,
      status,
      attributes: { "faas.invocation_id": "r1" },
    });
    const flow = flowOf([run("r1", 10, "error"), run("r2", 5000, "unset")]);
    const runs = flow.nodes.filter(({ service }) => service === "worker");
    expect(runs.map(({ attempt, attempts }) => [attempt, attempts])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(flow).toMatchObject({ status: "unset", stats: { retries: 1 } });
  });
});
