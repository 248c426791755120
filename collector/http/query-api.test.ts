/** Every route of the query API through a typed client, over a real store. */
import { hc } from "hono/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attributes, Span } from "../../schema/flow.ts";
import { flowOutlineSchema } from "../../schema/flow-outline.ts";
import * as api from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import { createApp, type Api } from "./app.ts";

const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;

const message = (id: string, queue: string): Attributes => ({
  "messaging.system": "aws_sqs",
  "messaging.destination.name": queue,
  "messaging.message.id": id,
  "hopscope.message.keys": [`aws_sqs:${id}`],
});

/** `n` decides the customer, the queue, whether it fails and how long it takes. */
function order(n: number): SpanInput[] {
  const [trace, queue, at] = [`o${String(n)}`, n % 2 === 0 ? "even" : "odd", n * 100];
  const failed = n % 5 === 4;
  const took = {
    ...message(trace, queue),
    "messaging.operation.type": "process",
    "hopscope.message.sent_ms": startMs + at + 10,
    "faas.trigger": "pubsub",
  };
  return [
    {
      trace,
      id: `${trace}-a`,
      name: "POST /orders",
      kind: "server",
      service: "api",
      at,
      ms: 20 + n,
      attributes: {
        "faas.trigger": "http",
        "customer.tier": n % 3 === 0 ? "gold" : "basic",
        "cart.items": n,
        "faas.coldstart": n === 0,
      },
      resource: { "team.name": "checkout" },
    },
    {
      trace,
      id: `${trace}-p`,
      parent: `${trace}-a`,
      kind: "producer",
      service: "api",
      at: at + 5,
      ms: 5,
      attributes: { ...message(trace, queue), "messaging.operation.type": "send" },
    },
    {
      trace: `${trace}-c`,
      id: `${trace}-c`,
      name: `process ${queue}`,
      kind: "consumer",
      service: "worker",
      at: at + 110,
      ms: 30,
      status: failed ? "error" : "unset",
      attributes: failed ? { ...took, "error.type": "Declined" } : took,
      resource: { "faas.name": `worker-${queue}` },
    },
  ];
}

let test: TestStore;
let client: ReturnType<typeof hc<Api>>;

beforeAll(async () => {
  test = await createTestStore();
  const app = createApp({ store: test.store });
  client = hc<Api>("http://collector", { fetch: app.request });
  const spans = Array.from({ length: 10 }, (_, n) => order(n)).flat();
  await insertSpans(
    test.store,
    spans.map((input) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) })),
  );
});

afterAll(async () => {
  await test.close();
});

const names = (ids: readonly string[]) => ids.map((id) => Buffer.from(id, "hex").toString().replaceAll("\0", ""));

describe("flows by", () => {
  it.for([
    ["coldStart", { coldStart: "true" }, ["o0"]],
    ["function", { function: "worker-odd" }, ["o9", "o7", "o5", "o3", "o1"]],
    ["destination", { destination: "even", status: "error" }, ["o4"]],
    ["an attribute", { attribute: "customer.tier=gold" }, ["o9", "o6", "o3", "o0"]],
    ["a number", { attribute: "cart.items=7" }, ["o7"]],
    ["a flag", { attribute: "faas.coldstart=true" }, ["o0"]],
    ["a resource's attribute", { attribute: "team.name=checkout", limit: "2" }, ["o9", "o8"]],
    ["several attributes of several spans", { attribute: ["customer.tier=gold", "error.type=Declined"] }, ["o9"]],
    ["free text", { text: "DECLINED" }, ["o9", "o4"]],
    ["duration", { minDurationMs: "140", text: "odd" }, ["o9", "o7", "o5", "o3", "o1"]],
    ["a longer duration than any", { minDurationMs: "100000" }, []],
    ["queue wait", { minQueueWaitMs: "90", service: "api", limit: "1" }, ["o9"]],
    ["a queue wait longer than any", { minQueueWaitMs: "5000" }, []],
    ["an injection", { attribute: "x'}) OR 1=1 --='" }, []],
  ] as const)("%s", async ([, query, expected]) => {
    const response = await client.api.flows.$get({ query: query as Record<string, string> });
    expect(response.status).toBe(200);
    const body = api.flowListResponseSchema.parse(await response.json());
    expect(names(body.flows.map(({ id }) => id))).toEqual(expected);
  });

  it("an attribute, each once over pages of one", { timeout: 60_000 }, async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const query = { attribute: "messaging.system=aws_sqs", limit: "1", ...(cursor && { cursor }) };
      const body = api.flowListResponseSchema.parse(await (await client.api.flows.$get({ query })).json());
      seen.push(...body.flows.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(names(seen).toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `o${String(n)}`));
  });
});

it("a flow", async () => {
  const response = await client.api.flows[":traceId"].$get({ param: { traceId: traceIdOf("o1") } });
  expect(((await response.json()) as { flow: { stats: { spans: number } } }).flow.stats.spans).toBe(3);
});

describe("the outline of a flow", () => {
  const traceId = traceIdOf("o4");

  it("has its spans in columns, each of which is there whole when it is looked at", async () => {
    const response = await client.api.flows[":traceId"].outline.$get({ param: { traceId }, query: {} });
    const { flow, spans } = flowOutlineSchema.parse(await response.json());
    expect(flow.nodes.flatMap((node) => node.spans).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(spans.failed).toEqual([{ span: 2, message: "Declined" }]);
    const spanId = spans.ids.slice(32, 48);
    const param = { traceId: spans.texts[spans.traceId[2] ?? -1] ?? "", spanId };
    const one = await client.api.spans[":traceId"][":spanId"].$get({ param, query: {} });
    const { span: whole } = (await one.json()) as { span: Span };
    expect(whole).toMatchObject({ spanId, service: "worker", attributes: { "error.type": "Declined" } });
  });

  it.for([
    ["an unknown span", "f".repeat(16), 404],
    ["no span id", "groups", 400],
  ] as const)("%s is answered with %s: %d", async ([, spanId, status]) => {
    const response = await client.api.spans[":traceId"][":spanId"].$get({ param: { traceId, spanId }, query: {} });
    expect(response.status).toBe(status);
  });
});

describe("two flows compared", () => {
  const compare = async (traceId: string, otherTraceId: string) =>
    client.api.flows[":traceId"].compare[":otherTraceId"].$get({ param: { traceId, otherTraceId } });

  it("differ by what only one has", async () => {
    const response = await compare(traceIdOf("o4"), traceIdOf("o1-c"));
    const body = api.flowCompareResponseSchema.parse(await response.json());
    expect([body.flow.id, body.other.id]).toEqual([traceIdOf("o4"), traceIdOf("o1")]);
    const names = body.steps.map(({ name, flow, other }) => [name, flow?.errors, other?.errors]);
    expect(names).toEqual([
      ["api", 0, 0],
      ["even", 0, undefined],
      ["worker-even", 1, undefined],
      ["odd", undefined, 0],
      ["worker-odd", undefined, 0],
    ]);
    expect(body.hops).toContainEqual(expect.objectContaining({ kind: "receive", from: "even", other: null }));
    expect(body.attributes).toContainEqual({ key: "error.type", value: "Declined", share: 1 / 3, otherShare: 0 });
  });

  it("are both there, or the missing one is named", async () => {
    const response = await compare(traceIdOf("o1"), "f".repeat(32));
    expect([response.status, await response.json()]).toMatchObject([404, { error: { field: "otherTraceId" } }]);
  });
});

it("functions, and one of them over time", async () => {
  const list = api.functionListResponseSchema.parse(await (await client.api.functions.$get({ query: {} })).json());
  expect(list.functions.map(({ name, invocations }) => [name, invocations])).toEqual([
    ["api", 10],
    ["worker-even", 5],
    ["worker-odd", 5],
  ]);
  const response = await client.api.functions[":name"].series.$get({ param: { name: "worker-odd" }, query: {} });
  const series = api.functionSeriesResponseSchema.parse(await response.json());
  expect(series.stepS).toBe(60);
  expect(series.points).toHaveLength(1);
  expect(series.points[0]).toMatchObject({
    invocations: 5,
    errors: 1,
    durationMs: { p50: 30 },
    concurrency: 150 / 60_000,
  });
});

it("queues", async () => {
  const { queues } = api.queueListResponseSchema.parse(await (await client.api.queues.$get({ query: {} })).json());
  expect(
    queues.map(({ name, messages, failures, consumers }) => [name, messages, failures, consumers[0]?.name]),
  ).toEqual([
    ["even", 5, 1, "worker-even"],
    ["odd", 5, 1, "worker-odd"],
  ]);
  expect(queues[0]?.waitMs).toEqual({ p50: 100, p95: 100, p99: 100 });
});

it("the map", async () => {
  const map = api.mapResponseSchema.parse(await (await client.api.map.$get({ query: {} })).json());
  expect(map.edges.map(({ from, kind, to, count }) => `${from} ${kind} ${to} ${String(count)}`).toSorted()).toEqual([
    "function:api:api publish queue:aws_sqs:even 5",
    "function:api:api publish queue:aws_sqs:odd 5",
    "queue:aws_sqs:even receive function:worker:worker-even 5",
    "queue:aws_sqs:odd receive function:worker:worker-odd 5",
  ]);
});

describe("spans", () => {
  it("by what they have, page by page", async () => {
    const seen: number[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const query = { kind: "server" as const, service: "api", limit: "4", ...(cursor && { cursor }) };
      const body = api.spanListResponseSchema.parse(await (await client.api.spans.$get({ query })).json());
      seen.push(...body.spans.map(({ attributes }) => Number(attributes["cart.items"])));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it.for([
    [
      "customer.tier",
      { kind: "server" as const },
      [
        ["basic", 6],
        ["gold", 4],
      ],
    ],
    [
      "messaging.destination.name",
      { kind: "consumer" as const, status: "error" as const },
      [
        ["even", 1],
        ["odd", 1],
      ],
    ],
    [
      "faas.name",
      { kind: "consumer" as const },
      [
        ["worker-even", 5],
        ["worker-odd", 5],
      ],
    ],
    [
      "function",
      {},
      [
        ["api", 20],
        ["worker-even", 5],
        ["worker-odd", 5],
      ],
    ],
    [
      "team.name",
      {},
      [
        ["", 20],
        ["checkout", 10],
      ],
    ],
    ["no.such.key", { kind: "server" as const }, [["", 10]]],
  ] as const)("grouped by %s", async ([by, query, expected]) => {
    const response = await client.api.spans.groups.$get({ query: { by, ...query } });
    const { groups } = api.spanGroupsResponseSchema.parse(await response.json());
    expect(groups.map(({ value, count }) => [value, count])).toEqual(expected);
  });

  it("says where the groups were cut", async () => {
    const body = api.spanGroupsResponseSchema.parse(
      await (await client.api.spans.groups.$get({ query: { by: "cart.items", limit: "2" } })).json(),
    );
    expect(body).toMatchObject({ truncated: { limit: "groups", value: 2 } });
  });

  it("as a heatmap", async () => {
    const body = api.heatmapResponseSchema.parse(
      await (await client.api.spans.heatmap.$get({ query: { kind: "consumer", columns: "10" } })).json(),
    );
    expect(body.cells.reduce((sum, { count }) => sum + count, 0)).toBe(10);
    expect(body.cells.every(({ fromMs: low }) => low <= 30 && low > 15)).toBe(true);
  });

  it("that failed, compared with the rest", async () => {
    const body = api.compareResponseSchema.parse(
      await (await client.api.spans.compare.$get({ query: { kind: "consumer" } })).json(),
    );
    expect(body).toMatchObject({ selected: 2, base: 8 });
    expect(body.attributes.slice(0, 2)).toContainEqual({
      key: "error.type",
      value: "Declined",
      selectedShare: 1,
      baseShare: 0,
    });
  });
});

it("completes keys and values", async () => {
  const { keys } = api.attributeKeysResponseSchema.parse(
    await (await client.api.attributes.$get({ query: {} })).json(),
  );
  expect(keys).toContainEqual({ key: "customer.tier", count: 10 });
  const response = await client.api.attributes.values.$get({ query: { key: "customer.tier", prefix: "g" } });
  expect(await response.json()).toEqual({ values: [{ value: "gold", count: 4 }] });
});

it("tails what happens now", async () => {
  const response = await client.api.live.$get({ query: { limit: "5" } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const late = span({ trace: "late", id: "late", name: "GET /now", kind: "server", service: "api" });
  await insertSpans(test.store, [{ ...late, startTime: fromMs(Date.now()) }]);
  let text = "";
  while (!text.includes("GET /now")) text += (await reader?.read())?.value ?? "";
  expect(text).toContain("event: flow");
  await reader?.cancel();
});
