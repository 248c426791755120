/** Jaeger's query API in both versions, with what its clients really send. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hono } from "hono";
import { insertOtlp, insertSpans } from "../../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { fromMs } from "../../flow/instant.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "../../flow/test-spans.ts";
import { createApp } from "../app.ts";
import type { JaegerTrace } from "./jaeger-json.ts";

const startMs = Date.now() - 60_000;
const message = { "messaging.system": "aws_sqs", "messaging.destination.name": "jobs", "messaging.message.id": "m1" };

const inputs: SpanInput[] = [
  {
    trace: "t",
    id: "api",
    name: "POST /orders",
    kind: "server",
    service: "shop/api v2",
    ms: 20,
    attributes: { "cart.items": 3, vip: true, rate: 0.5, list: ["a"] },
    resource: { "host.name": "h" },
  },
  { trace: "t", id: "call", parent: "api", name: "GET", kind: "client", service: "shop/api v2", at: 2, ms: 5 },
  {
    trace: "t",
    id: "stock",
    parent: "call",
    name: "stock",
    kind: "server",
    service: "stock",
    at: 3,
    ms: 2,
    status: "error",
    events: [{ name: "exception", attributes: { "exception.type": "Gone" } }],
  },
  {
    trace: "t",
    id: "send",
    parent: "api",
    name: "send jobs",
    kind: "producer",
    service: "shop/api v2",
    at: 10,
    ms: 2,
    attributes: message,
  },
  {
    trace: "w",
    id: "work",
    name: "process jobs",
    kind: "consumer",
    service: "worker",
    at: 50,
    attributes: message,
    links: [{ trace: "t", id: "send" }],
  },
  {
    trace: "i",
    id: "late",
    name: "process jobs",
    kind: "consumer",
    service: "worker",
    at: 5_000,
    attributes: { ...message, "messaging.destination.name": "jobs-dead" },
  },
];

let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  await insertSpans(
    test.store,
    inputs.map((input) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) })),
  );
});

afterAll(async () => {
  await test.close();
});

interface Envelope<Data> {
  readonly data: Data;
  readonly total: number;
  readonly errors: readonly { readonly code?: number; readonly msg: string; readonly traceID?: string }[] | null;
}

async function v1<Data>(path: string, status = 200): Promise<Envelope<Data>> {
  const response = await app.request(path);
  expect([path, response.status]).toEqual([path, status]);
  return (await response.json()) as Envelope<Data>;
}

const service = encodeURIComponent("shop/api v2");
const idsOf = (traces: readonly JaegerTrace[]) => traces.map(({ traceID }) => traceID).toSorted();

describe.for(["", "/jaeger"])("version 1 at %s/", (prefix) => {
  it("lists services, fast and also of an empty store", async () => {
    expect(await v1(`${prefix}/api/services`)).toEqual({
      data: ["shop/api v2", "stock", "worker"],
      total: 3,
      limit: 0,
      offset: 0,
      errors: null,
    });
    const empty = await createTestStore();
    const response = await createApp({ store: empty.store }).request(`${prefix}/api/services`);
    expect(await response.json()).toMatchObject({ data: [], total: 0, errors: null });
    await empty.close();
  });

  it("lists operations of a service whose name holds a slash and a space", async () => {
    expect((await v1<string[]>(`${prefix}/api/services/${service}/operations`)).data).toEqual([
      "GET",
      "POST /orders",
      "send jobs",
    ]);
    expect((await v1(`${prefix}/api/operations?service=${service}&spanKind=server`)).data).toEqual([
      { name: "POST /orders", spanKind: "server" },
    ]);
    expect((await v1(`${prefix}/api/operations`, 400)).errors?.[0]).toMatchObject({
      code: 400,
      msg: expect.stringContaining("service"),
    });
  });

  it("gives a trace", async () => {
    const { data } = await v1<JaegerTrace[]>(`${prefix}/api/traces/${traceIdOf("t")}`);
    const [trace] = data;
    expect(trace?.spans).toHaveLength(4);
    expect(Object.values(trace?.processes ?? {}).map(({ serviceName }) => serviceName)).toEqual([
      "shop/api v2",
      "shop/api v2",
      "stock",
    ]);
    const api = trace?.spans.find(({ spanID }) => spanID === spanIdOf("api"));
    expect(api).toMatchObject({
      operationName: "POST /orders",
      references: [],
      startTime: startMs * 1000,
      duration: 20_000,
      logs: [],
      warnings: null,
    });
    expect(api?.tags).toEqual(
      expect.arrayContaining([
        { key: "cart.items", type: "int64", value: 3 },
        { key: "vip", type: "bool", value: true },
        { key: "rate", type: "float64", value: 0.5 },
        { key: "list", type: "string", value: '["a"]' },
        { key: "span.kind", type: "string", value: "server" },
      ]),
    );
    const stock = trace?.spans.find(({ spanID }) => spanID === spanIdOf("stock"));
    expect(stock?.references).toEqual([{ refType: "CHILD_OF", traceID: traceIdOf("t"), spanID: spanIdOf("call") }]);
    expect(stock?.tags).toContainEqual({ key: "error", type: "bool", value: true });
    expect(stock?.logs[0]?.fields).toContainEqual({ key: "exception.type", type: "string", value: "Gone" });
  });
});

describe("inbound links", () => {
  it("lead from a producer to its consumers, and say that the data did not hold them", async () => {
    const { data } = await v1<JaegerTrace[]>(`/api/traces/${traceIdOf("t")}`);
    const send = data[0]?.spans.find(({ spanID }) => spanID === spanIdOf("send"));
    expect(send?.references).toEqual([
      { refType: "CHILD_OF", traceID: traceIdOf("t"), spanID: spanIdOf("api") },
      { refType: "FOLLOWS_FROM", traceID: traceIdOf("w"), spanID: spanIdOf("work") },
      { refType: "FOLLOWS_FROM", traceID: traceIdOf("i"), spanID: spanIdOf("late") },
    ]);
    expect(send?.tags).toContainEqual({ key: "hopscope.inbound_links", type: "int64", value: 2 });
  });

  it("lead back to the producer where only the message's id joined, and doubles no link that is there", async () => {
    const [late, work] = await Promise.all(
      ["i", "w"].map((trace) => v1<JaegerTrace[]>(`/api/traces/${traceIdOf(trace)}`)),
    );
    const toSend = { refType: "FOLLOWS_FROM", traceID: traceIdOf("t"), spanID: spanIdOf("send") };
    expect(late?.data[0]?.spans[0]?.references).toEqual([toSend]);
    expect(work?.data[0]?.spans[0]?.references).toEqual([toSend]);
    expect(work?.data[0]?.spans[0]?.tags.map(({ key }) => key)).not.toContain("hopscope.inbound_links");
  });
});

describe("a search of version 1", () => {
  const us = (ms: number) => String(Math.floor(ms * 1000));
  it.for([
    ["by service, without times, as older releases send it", `service=${service}`, ["t"]],
    ["by operation", "service=worker&operation=process%20jobs", ["i", "w"]],
    ["within microseconds", `service=worker&start=${us(startMs - 1000)}&end=${us(startMs + 1000)}`, ["w"]],
    [
      "within milliseconds, sent by mistake",
      `service=worker&start=${String(startMs - 1000)}&end=${String(startMs + 1000)}`,
      ["w"],
    ],
    [
      "by tags, whose values are always texts",
      `service=${service}&tags=${encodeURIComponent('{"cart.items":"3","vip":"true"}')}`,
      ["t"],
    ],
    ["by a tag with a colon in its value", `service=${service}&tag=rate:0.5`, ["t"]],
    ["by error", `service=stock&tags=${encodeURIComponent('{"error":"true"}')}`, ["t"]],
    ["by span kind", `tags=${encodeURIComponent('{"span.kind":"consumer"}')}`, ["i", "w"]],
    ["by duration", `service=${service}&minDuration=19ms&maxDuration=1.2s`, ["t"]],
    ["by a longer duration than any", `service=${service}&minDuration=1h2m`, []],
    ["of all services, ignoring what only the page knows", "lookback=1h&limit=20", ["i", "t", "w"]],
    ["by one trace of several", `traceID=${traceIdOf("w")}&traceID=${traceIdOf("t")}`, ["t", "w"]],
  ] as const)("%s", async ([, query, expected]) => {
    const { data } = await v1<JaegerTrace[]>(`/api/traces?${query}`);
    expect(idsOf(data)).toEqual(expected.map(traceIdOf).toSorted());
  });

  it("names the traces that are not there", async () => {
    const { data, errors } = await v1<JaegerTrace[]>(`/api/traces?traceID=${traceIdOf("t")}&traceID=abc`);
    expect(data).toHaveLength(1);
    expect(errors).toEqual([{ msg: "trace not found", traceID: "abc".padStart(32, "0") }]);
  });

  it.for([
    "minDuration=2s&maxDuration=1s",
    "minDuration=fast",
    "tag=nocolon",
    "tags=[1]",
    "tags={",
    "start=yesterday",
    "limit=0",
    "traceID=xyz",
  ])("refuses %s", async (query) => {
    const { data, errors } = await v1(`/api/traces?${query}`, 400);
    expect(data).toBeNull();
    expect(errors?.[0]?.code).toBe(400);
  });
});

describe("a trace by id", () => {
  it("that is not there is 404, never an empty list", async () => {
    expect(await v1(`/api/traces/${"f".repeat(32)}`, 404)).toMatchObject({
      data: null,
      errors: [{ code: 404, msg: "trace not found" }],
    });
  });

  it.for([
    ["upper case", traceIdOf("t").toUpperCase()],
    ["without leading zeros", traceIdOf("t").replace(/^0+/, "")],
    ["base64", encodeURIComponent(Buffer.from(traceIdOf("t"), "hex").toString("base64url"))],
    ["a window in milliseconds that would hide it", `${traceIdOf("t")}?start=1&end=${String(startMs + 1)}`],
    ["prettyPrint and raw", `${traceIdOf("t")}?prettyPrint=true&raw=true`],
  ])("in the form: %s", async ([, id]) => {
    expect((await v1<JaegerTrace[]>(`/api/traces/${id ?? ""}`)).data[0]?.traceID).toBe(traceIdOf("t"));
  });

  it("that is none is refused", async () => {
    expect((await v1("/api/traces/not-an-id", 400)).errors?.[0]?.code).toBe(400);
  });
});

it("tells which service calls which", async () => {
  const query = `endTs=${String(Date.now())}&lookback=604800000`;
  expect((await v1(`/api/dependencies?${query}`)).data).toEqual([
    { parent: "shop/api v2", child: "stock", callCount: 1 },
  ]);
});

describe("version 3", () => {
  const range = `query.startTimeMin=${new Date(startMs - 1000).toISOString()}&query.startTimeMax=${new Date(startMs + 60_000).toISOString()}`;
  const get = async (path: string, status = 200) => {
    const response = await app.request(path);
    expect([path, response.status]).toEqual([path, status]);
    return (await response.json()) as Record<string, unknown>;
  };

  it("lists services and operations", async () => {
    expect(await get("/api/v3/services")).toEqual({ services: ["shop/api v2", "stock", "worker"] });
    expect(await get("/api/v3/operations?service=worker")).toEqual({
      operations: [{ name: "process jobs", spanKind: "consumer" }],
    });
  });

  it("gives a trace as OTLP/JSON without an empty scope", async () => {
    const { result } = (await get(`/api/v3/traces/${traceIdOf("t")}?startTime=2026-01-01T00:00:00Z`)) as {
      result: {
        resourceSpans: { scopeSpans: { spans: { traceId: string; kind: number; startTimeUnixNano: string }[] }[] }[];
      };
    };
    const scopes = result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
    expect(scopes.every(({ spans }) => spans.length > 0)).toBe(true);
    expect(scopes.flatMap(({ spans }) => spans)).toHaveLength(4);
    expect(scopes[0]?.spans[0]).toMatchObject({
      traceId: traceIdOf("t"),
      kind: 2,
      startTimeUnixNano: `${String(startMs)}000000`,
    });
  });

  it("summarises what it finds, in names of both spellings", async () => {
    const { summaries } = await get(`/api/v3/trace-summaries?${range}&query.service_name=stock&query.searchDepth=20`);
    expect(summaries).toEqual([
      {
        traceId: traceIdOf("t"),
        rootServiceName: "shop/api v2",
        rootOperationName: "POST /orders",
        minStartTimeUnixNano: `${String(startMs)}000000`,
        maxEndTimeUnixNano: `${String(startMs + 20)}000000`,
        spanCount: 4,
        errorSpanCount: 1,
        orphanSpanCount: 0,
        services: [
          { name: "shop/api v2", spanCount: 3, errorSpanCount: 0 },
          { name: "stock", spanCount: 1, errorSpanCount: 1 },
        ],
      },
    ]);
    expect(await get(`/api/v3/trace-summaries?${range}&query.serviceName=nobody`)).toEqual({ summaries: [] });
  });

  it("takes an offset whose plus came as a space", async () => {
    const local = new Date(startMs - 1000 + 7_200_000).toISOString().replace("Z", "+02:00");
    await get(
      `/api/v3/traces?query.startTimeMin=${local}&query.startTimeMax=${new Date(startMs + 60_000).toISOString()}`,
    );
  });

  it.for([
    [`/api/v3/traces?${range}&query.serviceName=nobody`, 404],
    [`/api/v3/traces/${"f".repeat(32)}`, 404],
    ["/api/v3/traces?query.serviceName=worker", 400],
    [
      `/api/v3/traces?query.startTimeMin=${new Date(startMs).toISOString()}&query.startTimeMax=${new Date(startMs).toISOString()}`,
      400,
    ],
    [`/api/v3/traces?${range}&query.durationMin=x`, 400],
    ["/api/v3/operations", 400],
  ] as const)("answers %s with %i and an error of its own form", async ([path, status]) => {
    expect(await get(path, status)).toMatchObject({ error: { httpCode: status, message: expect.any(String) } });
  });
});

describe("a flow as OTLP/JSON", () => {
  it("makes the same flow in another store", async () => {
    const other = await createTestStore();
    const exported = (await (await app.request(`/api/flows/${traceIdOf("t")}/otlp`)).json()) as {
      resourceSpans: unknown[];
    };
    await insertOtlp(other.store, exported);
    const [own, its] = await Promise.all(
      [app, createApp({ store: other.store })].map(async (each) =>
        (await each.request(`/api/flows/${traceIdOf("t")}`)).json(),
      ),
    );
    expect(its).toEqual(own);
    await other.close();
  });
});
