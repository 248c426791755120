/** Jaeger's query API in both versions, with what its clients really send. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hono } from "hono";
import { insertOtlp, insertSpans } from "../../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { fromMs } from "../../flow/instant.ts";
import { span, spanIdOf, traceIdOf, type SpanInput } from "../../flow/test-spans.ts";
import { StoreError, type Store } from "../../store/store.ts";
import { createApp } from "../app.ts";
import type { JaegerTrace } from "./jaeger-trace.ts";

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
    events: [
      { name: "exception", attributes: { "exception.type": "Gone", "exception.message": 'no "room" left: {}' } },
      { name: "note", attributes: {} },
    ],
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
    links: [{ trace: "t", id: "send", attributes: { retries: 2 } }],
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
    inputs.map((input) => ({
      ...span(input),
      startTime: fromMs(startMs + (input.at ?? 0)),
      scope: input.id === "work" ? "jobs-library" : "",
    })),
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
  it("lists services, fast and also of a store without any that has a name", async () => {
    expect(await v1(`${prefix}/api/services`)).toEqual({
      data: ["shop/api v2", "stock", "worker"],
      total: 3,
      limit: 0,
      offset: 0,
      errors: null,
    });
    const empty = await createTestStore();
    await insertSpans(empty.store, [{ ...span({ trace: "x", id: "x", service: "" }), startTime: fromMs(startMs) }]);
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
    ["by a kind that there is not", `tags=${encodeURIComponent('{"span.kind":"nonsense"}')}`, []],
    ["by two kinds", `tag=span.kind:consumer&tag=span.kind:server`, []],
    ["by a status", `tags=${encodeURIComponent('{"otel.status_code":"ERROR"}')}`, ["t"]],
    ["by a status that no span has", `tags=${encodeURIComponent('{"otel.status_code":"OK"}')}`, []],
    ["by no status", `service=worker&tags=${encodeURIComponent('{"otel.status_code":"UNSET"}')}`, ["i", "w"]],
    ["by a status that there is not", `tags=${encodeURIComponent('{"otel.status_code":"nonsense"}')}`, []],
    ["by no error", `service=stock&tags=${encodeURIComponent('{"error":"false"}')}`, []],
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

  it("says that it does not look for more traces than it gives", async () => {
    const ids = [traceIdOf("t"), ...Array.from({ length: 1_500 }, (_, n) => `f${String(n).padStart(31, "0")}`)];
    const { data, errors } = await v1<JaegerTrace[]>(`/api/traces?${ids.map((id) => `traceID=${id}`).join("&")}`);
    expect(data).toHaveLength(1);
    expect(errors?.at(-1)?.msg).toContain("cut at the limit of traces (1500)");
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

describe("what Jaeger has a form for is said in it", () => {
  const failing = (error: Error) => createApp({ store: { ...test.store, query: () => Promise.reject(error) } });
  const envelopeWith = (code: number) => ({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code }] });

  it.for(["/api/metrics/foo", "/api/services/a/b", "/jaeger/api/archive"])(
    "a route that is not there: %s",
    async (path) => expect(await v1(path, 404)).toMatchObject(envelopeWith(404)),
  );

  it.for([
    ["store away", new StoreError("away", { code: 0, retryable: true }), 503],
    ["bug", new Error("secret"), 500],
  ] as const)("a failure of the collector's own: %s", async ([, error, status]) => {
    const response = await failing(error).request("/api/traces?service=stock");
    const body = await response.json();
    expect([response.status, body]).toMatchObject([status, envelopeWith(status)]);
    expect(response.headers.has("Retry-After")).toBe(status === 503);
    expect(JSON.stringify(body)).not.toContain("secret");
    const third = await failing(error).request("/api/v3/services");
    expect([third.status, await third.json()]).toMatchObject([status, { error: { httpCode: status } }]);
  });

  it.for([
    ["POST", "/api/services", "GET, HEAD"],
    ["GET", "/jaeger/api/transform", "POST"],
    ["DELETE", "/jaeger/api/v3/traces", "GET, HEAD"],
    ["PUT", "/api/metrics/calls", "GET, HEAD"],
  ] as const)("a method that a route does not have: %s %s", async ([method, path, allowed]) => {
    const response = await app.request(path, { method });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allowed]);
  });

  it.for([
    "/api/traces?service=stock&start=0&end=253402300799000000",
    "/api/v3/trace-summaries?query.startTimeMin=0001-01-01T00:00:00Z&query.startTimeMax=9999-12-31T00:00:00Z",
    "/api/dependencies?endTs=8640000000000000&lookback=8640000000000000",
    "/api/metrics/calls?service=stock&endTs=8640000000000000&lookback=8640000000000000&step=999999999999",
    "/api/traces?service=stock&minDuration=0",
  ])("all of time, as clients with a zero time ask for it: %s", async (path) => {
    expect((await app.request(path)).status).toBe(200);
  });

  it("a route of version 3 that is not there", async () => {
    const response = await app.request("/api/v3/foo");
    expect([response.status, await response.json()]).toMatchObject([404, { error: { httpCode: 404 } }]);
  });

  it.for([
    ["/api/deep-dependencies", { dependencies: [] }],
    ["/api/quality-metrics", { scores: [], metrics: [] }],
  ] as const)("nothing to tell: %s", async ([path, body]) => {
    const response = await app.request(path);
    expect([response.status, await response.json()]).toMatchObject([200, body]);
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

  it.for([
    ["/api/services?prettyPrint=true", true],
    ["/api/traces/not-an-id?prettyPrint=1", true],
    ["/api/metrics/calls?service=stock&prettyPrint=true", true],
    ["/api/services?prettyPrint=false", false],
    ["/api/services", false],
  ] as const)("and everything else, is indented for people: %s", async ([path, isPretty]) => {
    const response = await app.request(path);
    const text = await response.text();
    expect(text).toBe(JSON.stringify(JSON.parse(text), null, isPretty ? 2 : 0));
    expect(response.headers.get("content-type")).toContain("application/json");
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
    [`/api/v3/traces?${range}&query.serviceName=nobody`, 404, "No traces found"],
    [`/api/v3/traces/${"f".repeat(32)}`, 404, "No traces found"],
    ["/api/v3/traces?query.serviceName=worker", 400, "query.startTimeMin"],
    [
      `/api/v3/traces?query.startTimeMin=${new Date(startMs).toISOString()}&query.startTimeMax=${new Date(startMs).toISOString()}`,
      400,
      "query.startTimeMin",
    ],
    [`/api/v3/traces?${range}&query.durationMin=x`, 400, "query.durationMin"],
    [`/api/v3/traces?${range}&query.attributes=x`, 400, "query.attributes"],
    ["/api/v3/operations", 400, "service"],
  ] as const)("answers %s with %i and an error of its own form", async ([path, status, named]) => {
    const message: unknown = expect.stringContaining(named);
    expect(await get(path, status)).toMatchObject({ error: { httpCode: status, message } });
  });
});

describe("inbound links in a search", () => {
  const links = [
    { traceID: traceIdOf("w"), spanID: spanIdOf("work") },
    { traceID: traceIdOf("i"), spanID: spanIdOf("late") },
  ];

  it("of version 1 lead from a producer to its consumers", async () => {
    const { data } = await v1<JaegerTrace[]>(`/api/traces?service=${service}`);
    const send = data[0]?.spans.find(({ spanID }) => spanID === spanIdOf("send"));
    expect(send?.references.filter(({ refType }) => refType === "FOLLOWS_FROM")).toMatchObject(links);
  });

  it("of version 3 too, and of a trace by its id", async () => {
    const range = `query.startTimeMin=${new Date(startMs - 1000).toISOString()}&query.startTimeMax=${new Date(startMs + 60_000).toISOString()}`;
    for (const path of [`/api/v3/traces/${traceIdOf("t")}`, `/api/v3/traces?${range}&query.serviceName=stock`]) {
      const { result } = (await (await app.request(path)).json()) as { result: OtlpResult };
      const send = spansIn(result).find(({ spanId }) => spanId === spanIdOf("send"));
      expect(send?.links).toMatchObject(links.map(({ traceID, spanID }) => ({ traceId: traceID, spanId: spanID })));
      expect(send?.attributes).toContainEqual({ key: "hopscope.inbound_links", value: { intValue: "2" } });
    }
  });
});

interface OtlpResult {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly { spanId: string; links: object[]; attributes: { key: string; value: object }[] }[];
    }[];
  }[];
}

function spansIn({ resourceSpans }: OtlpResult) {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

describe("quirk 7: Grafana decodes booleans and doubles of version 3 as texts, and lists by another name", () => {
  const attributesFor = async (headers: Record<string, string>) => {
    const response = await app.request(`/api/v3/traces/${traceIdOf("t")}`, { headers });
    const { result } = (await response.json()) as { result: OtlpResult };
    const api = spansIn(result).find(({ spanId }) => spanId === spanIdOf("api"));
    return new Map(api?.attributes.map(({ key, value }) => [key, value]));
  };

  it("so it gets them so", async () => {
    const attributes = await attributesFor({ "user-agent": "Grafana/12.1.0" });
    expect(attributes.get("vip")).toEqual({ boolValue: "true" });
    expect(attributes.get("rate")).toEqual({ doubleValue: "0.5" });
    expect(attributes.get("list")).toMatchObject({ array_value: { values: [{ stringValue: "a" }] } });
  });

  it("and everyone else gets OTLP/JSON", async () => {
    const attributes = await attributesFor({ "user-agent": "Mozilla/5.0" });
    expect(attributes.get("vip")).toEqual({ boolValue: true });
    expect(attributes.get("rate")).toEqual({ doubleValue: 0.5 });
    expect(attributes.get("list")).toEqual({ arrayValue: { values: [{ stringValue: "a" }] } });
  });
});

describe("a filter of version 3", () => {
  const range = `query.startTimeMin=${new Date(startMs - 1000).toISOString()}&query.startTimeMax=${new Date(startMs + 60_000).toISOString()}`;
  const search = async (filter: object) => {
    const query = `${range}&query.filter=${encodeURIComponent(JSON.stringify(filter))}`;
    const response = await app.request(`/api/v3/trace-summaries?${query}`);
    return { status: response.status, body: (await response.json()) as { summaries: { traceId: string }[] } };
  };
  const call = (op: string, ...args: object[]) => ({ op, args });
  const nested = (op: string, ...args: object[]) => ({ call: call(op, ...args) });
  const attr = (key: string, level?: string) => ({ attr: { key, ...(level !== undefined && { level }) } });
  const field = (name: string, level = "span") => ({ field: { name, level } });
  const scalar = (value: string, type?: string) => ({ scalar: { value, ...(type !== undefined && { type }) } });

  it.for([
    ["an attribute", call("eq", attr("cart.items"), scalar("3", "int")), ["t"]],
    ["a number by order", call("gt", attr("cart.items"), scalar("2")), ["t"]],
    ["a constant written first", call("gt", scalar("2"), attr("cart.items")), []],
    ["a flag", call("eq", attr("vip", "span"), scalar("true", "bool")), ["t"]],
    ["an attribute of the resource", call("eq", attr("host.name", "resource"), scalar("h")), ["t"]],
    ["that is none of the span", call("eq", attr("host.name", "span"), scalar("h")), []],
    ["a duration", call("gte", field("duration"), scalar("20ms")), ["t"]],
    ["a kind and a service", call("and", nested("eq", field("kind"), scalar("consumer")), nested("eq", field("service", "resource"), scalar("worker"))), ["i", "w"]],
    ["either of two", call("or", nested("eq", field("status"), scalar("error")), nested("in", attr("messaging.destination.name"), { list: { values: ["jobs-dead"] } })), ["i", "t"]],
    ["what does not hold", call("and", nested("exists", attr("messaging.message.id")), nested("not", nested("eq", field("kind"), scalar("producer")))), ["i", "w"]],
    ["a pattern", call("regex", field("name"), scalar("^POST /")), ["t"]],
    ["a difference, which what is absent does not have", call("ne", attr("cart.items"), scalar("4")), ["t"]],
    ["an attribute of an event", call("eq", attr("exception.message", "event"), scalar('no "room" left: {}')), ["t"]],
    ["what none of its events has", call("ne", attr("exception.type", "event"), scalar("Gone")), []],
    ["another value of an event", call("ne", attr("exception.type", "event"), scalar("Lost")), ["t"]],
    ["the name of an event", call("regex", field("name", "event"), scalar("exce")), ["t"]],
    ["an attribute of a link", call("gte", attr("retries", "link"), scalar("2")), ["w"]],
    ["the trace of a link", call("eq", field("traceID", "link"), scalar(traceIdOf("t"))), ["w"]],
    ["one event alone", call("some", { nested: { level: "event" } }, nested("and", nested("eq", field("name", "event"), scalar("exception")), nested("eq", attr("exception.type", "event"), scalar("Gone")))), ["t"]],
    ["two events that are not one", call("some", { nested: { level: "event" } }, nested("and", nested("eq", field("name", "event"), scalar("note")), nested("eq", attr("exception.type", "event"), scalar("Gone")))), []],
    ["a scope", call("eq", field("name", "scope"), scalar("jobs-library")), ["w"]],
    ["no scope", call("exists", attr("level", "scope")), []],
    ["an injection into an event", call("eq", attr("x'}) OR 1=1 --", "event"), scalar("' OR 1=1")), []],
    ["an injection", call("eq", attr("x'}) OR 1=1 --"), scalar("' OR 1=1")), []],
  ] as const)("by %s", async ([, filter, traces]) => {
    const { status, body } = await search(filter);
    expect(status).toBe(200);
    expect(body.summaries.map(({ traceId }) => traceId).toSorted()).toEqual(traces.map(traceIdOf).toSorted());
  });

  it.for([
    ["no JSON object", []],
    ["an unknown operator", call("like", attr("a"), scalar("b"))],
    ["a constant that is not of its type", call("eq", attr("size"), scalar("large", "int"))],
    ["an unknown level", call("eq", attr("a", "trace"), scalar("b"))],
    ["a field that is not searched", call("gt", field("timeSinceStart", "event"), scalar("1s"))],
    ["an unknown collection", call("some", { nested: { level: "span" } }, nested("exists", attr("a")))],
    ["no predicate of a collection", call("some", { nested: { level: "event" } }, attr("a", "event"))],
    ["a collection inside of one", call("some", { nested: { level: "event" } }, nested("some", { nested: { level: "link" } }, nested("exists", attr("a"))))],
    ["a duration without its unit", call("gt", field("duration"), scalar("fast"))],
    ["a pattern that is none", call("regex", field("name"), scalar("("))],
    ["one predicate for two", call("and", nested("exists", attr("a")))],
    ["calls without end", Array.from({ length: 500 }).reduce<object>((inner) => call("not", { call: inner }), call("exists", attr("a")))],
  ] as const)("that is or has %s is refused", async ([, filter]) => {
    const { status, body } = await search(filter);
    expect([status, body]).toMatchObject([400, { error: { message: expect.stringContaining("query.filter") } }]);
  });
});

describe("metrics, as the monitor page asks for them", () => {
  const query = `service=${service}&endTs=${String(Date.now() + 60_000)}&lookback=3600000&step=60000&ratePer=600000&spanKind=server`;
  interface Family {
    readonly name: string;
    readonly type: string;
    readonly metrics: readonly {
      readonly labels: readonly { readonly name: string; readonly value: string }[];
      readonly metricPoints: readonly {
        readonly gaugeValue: { readonly doubleValue: number };
        readonly timestamp: string;
      }[];
    }[];
  }
  const family = async (path: string) => (await (await app.request(`/api/metrics/${path}`)).json()) as Family;

  it.for([
    ["calls", "", "service_call_rate", 1 / 60],
    ["errors", "", "service_error_rate", 0],
    ["latencies", "&quantile=0.95", "service_latencies", 20],
  ] as const)("%s", async ([metric, extra, name, value]) => {
    const answer = await family(`${metric}?${query}${extra}`);
    expect(answer).toMatchObject({ name, type: "GAUGE", metrics: [{ labels: [{ name: "service_name", value: "shop/api v2" }] }] });
    expect(answer.metrics[0]?.metricPoints).toHaveLength(1);
    expect(answer.metrics[0]?.metricPoints[0]?.gaugeValue.doubleValue).toBeCloseTo(value, 6);
    expect(Date.parse(answer.metrics[0]?.metricPoints[0]?.timestamp ?? "")).toBe(Math.floor(startMs / 60_000) * 60_000);
  });

  it("of several services, by operation", async () => {
    const services = "service=stock,service=worker";
    const { name, metrics } = await family(`errors?${services}&spanKind=server&spanKind=consumer&groupByOperation=true&step=60000`);
    expect(name).toBe("service_operation_error_rate");
    expect(metrics.map(({ labels }) => labels.map(({ value }) => value)).toSorted()).toEqual([
      ["stock", "stock"],
      ["worker", "process jobs"],
    ]);
  });

  it("have a least step", async () => expect((await v1("/api/metrics/minstep")).data).toBe(1));

  it.for([
    "calls",
    "latencies?service=a",
    "latencies?service=a&quantile=2",
    "calls?service=a&step=0",
    "calls?service=a&step=1",
    "calls?service=a&spanKind=odd",
    "calls?service=a&endTs=soon",
  ])("refuse %s", async (path) => {
    expect((await v1(`/api/metrics/${path}`, 400)).errors?.[0]?.code).toBe(400);
  });
});

describe("an uploaded file", () => {
  const post = (body: string) => app.request("/api/transform", { method: "POST", body });

  it("of OTLP/JSON becomes traces", async () => {
    const exported = await (await app.request(`/api/flows/${traceIdOf("t")}/otlp`)).text();
    const { data } = (await (await post(exported)).json()) as Envelope<JaegerTrace[]>;
    expect(idsOf(data)).toEqual(["i", "t", "w"].map(traceIdOf).toSorted());
    const stored = await v1<JaegerTrace[]>(`/api/traces/${traceIdOf("i")}`);
    const [own] = data.filter(({ traceID }) => traceID === traceIdOf("i"));
    expect(own?.spans[0]).toEqual({ ...stored.data[0]?.spans[0], references: [], tags: own?.spans[0]?.tags });
  });

  it.for(["{", "[1]", '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x"}]}]}]}'])("that is none is refused: %s", async (body) => {
    const response = await post(body);
    expect([response.status, await response.json()]).toMatchObject([400, { data: null, errors: [{ code: 400 }] }]);
  });
});

it("has no archive, and says so of a trace that is there", async () => {
  const archive = async (id: string) => {
    const response = await app.request(`/api/archive/${id}`, { method: "POST" });
    return [response.status, ((await response.json()) as Envelope<null>).errors?.[0]?.msg];
  };
  expect(await archive(traceIdOf("t"))).toEqual([501, expect.stringContaining("retention")]);
  expect(await archive("f".repeat(32))).toEqual([404, "trace not found"]);
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

describe("an answer that a bound of the store cut", () => {
  const range = `query.startTimeMin=${new Date(startMs - 1000).toISOString()}&query.startTimeMax=${new Date(startMs + 60_000).toISOString()}`;
  const said = expect.stringContaining("cut at the limit of rows (7)");
  /** Every query says that it was cut; what it found until then is all there is. */
  const cutApp = () => {
    const store: Store = {
      ...test.store,
      query: (sql, params, options) => {
        options?.onCut?.({ limit: "rows", value: 7 });
        return test.store.query(sql, params, options);
      },
      queryBlocks: (sql, params, options) => {
        options?.onCut?.({ limit: "rows", value: 7 });
        return test.store.queryBlocks(sql, params, options);
      },
    };
    return createApp({ store });
  };
  const get = async (path: string) => {
    const response = await cutApp().request(path);
    return { status: response.status, warning: response.headers.get("Warning"), body: await response.json() };
  };

  it("of dependencies says so beside `errors`, with which Grafana would show no graph", async () => {
    const { status, warning, body } = await get("/api/dependencies");
    expect([status, warning, body]).toMatchObject([200, said, { errors: null, truncated: { limit: "rows", value: 7 } }]);
  });

  it.for(["/api/services", `/api/operations?service=${service}`, `/api/services/${service}/operations`])(
    "of version 1 is given and says so: %s",
    async (path) => {
      const { status, body } = await get(path);
      expect([status, body]).toMatchObject([200, { data: expect.any(Array), errors: [{ msg: said }] }]);
    },
  );

  it.for([`/api/traces?service=${service}`, `/api/traces/${traceIdOf("t")}`])(
    "of version 1 says so of each trace: %s",
    async (path) => {
      const { status, body } = await get(path);
      expect([status, body]).toMatchObject([200, { data: [{ traceID: traceIdOf("t"), warnings: [said] }], errors: [{ msg: said }] }]);
    },
  );

  it("of version 1 does not say of a trace that it is not there", async () => {
    const { body } = await get(`/api/traces?traceID=${traceIdOf("t")}&traceID=abc`);
    expect(body).toMatchObject({ data: [{}], errors: [{ msg: said, traceID: "abc".padStart(32, "0") }] });
  });

  it.for([`/api/v3/traces/${traceIdOf("t")}`, `/api/v3/traces?${range}&query.serviceName=stock`])(
    "of version 3 says so in Jaeger's own attribute: %s",
    async (path) => {
      const { status, warning, body } = await get(path);
      const attributes = spansIn((body as { result: OtlpResult }).result).flatMap((one) => one.attributes);
      const warnings = attributes.filter(({ key }) => key === "@jaeger@warnings");
      expect([status, warning, warnings]).toEqual([
        200,
        said,
        [{ key: "@jaeger@warnings", value: { arrayValue: { values: [{ stringValue: said }] } } }],
      ]);
    },
  );

  it("of summaries says so in a header, as their messages have no word for it", async () => {
    const { status, warning, body } = await get(`/api/v3/trace-summaries?${range}&query.serviceName=stock`);
    expect([status, warning, body]).toEqual([200, said, { summaries: [expect.objectContaining({ traceId: traceIdOf("t") })] }]);
  });

  it.for([
    "/api/traces?service=nobody",
    `/api/traces/${"f".repeat(32)}`,
    `/api/v3/traces?${range}&query.serviceName=nobody`,
    `/api/v3/trace-summaries?${range}&query.serviceName=nobody`,
    `/api/v3/traces/${"f".repeat(32)}`,
  ])("is refused where it left nothing: %s", async (path) => {
    const { status, body } = await get(path);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining("past the limit of rows")]);
  });
});
