/** The query API over a real store: what its readers get. */
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hono } from "hono";
import type { ErrorResponse, FlowListResponse, FunctionListResponse } from "../../schema/api.ts";
import { flowListResponseSchema, functionListResponseSchema } from "../../schema/api.ts";
import { flowResponseSchema, type Attributes, type FlowResponse } from "../../schema/flow.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import { connectStore } from "../store/connection.ts";
import { alertRoutes } from "./alert-routes.ts";
import { createApp } from "./app.ts";
import { jaegerV1 } from "./jaeger/jaeger-v1.ts";
import { jaegerV3 } from "./jaeger/jaeger-v3.ts";

/** Test spans begin at an epoch of their own; stored spans must lie within the retention. */
const startMs = Date.now() - 60_000;

function stored(inputs: readonly SpanInput[]) {
  return inputs.map((input) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) }));
}

const message = (id: string): Attributes => ({
  "messaging.system": "aws_sqs",
  "messaging.destination.name": "payments",
  "messaging.message.id": id,
  "hopscope.message.keys": [`aws_sqs:${id}`],
});

/** An order: a request, a message, and a consumer in a trace of its own that only the message's id joins. */
function order(name: string, at: number, failed = false): SpanInput[] {
  return [
    {
      trace: name,
      id: `${name}-api`,
      name: "POST /orders",
      kind: "server",
      service: "api",
      at,
      ms: 20,
      attributes: {
        "faas.trigger": "http",
        "faas.coldstart": true,
        "hopscope.init.type": "on-demand",
        "hopscope.init.duration_ms": 150.5,
      },
    },
    {
      trace: name,
      id: `${name}-send`,
      parent: `${name}-api`,
      kind: "producer",
      service: "api",
      at: at + 5,
      ms: 5,
      attributes: message(name),
    },
    {
      trace: `${name}-c`,
      id: `${name}-pay`,
      name: "process payments",
      kind: "consumer",
      service: "payment",
      at: at + 50,
      ms: 30,
      attributes: { ...message(name), "faas.trigger": "pubsub" },
      ...(failed && {
        status: "error" as const,
        attributes: { ...message(name), "faas.trigger": "pubsub", "error.type": "Declined" },
      }),
    },
  ];
}

let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const orders = [order("o1", 0), order("o2", 1000), order("o3", 2000, true), order("o4", 3000)];
  await insertSpans(test.store, stored(orders.flat()));
});

afterAll(async () => {
  await test.close();
});

async function get<Body>(path: string, status = 200): Promise<Body> {
  const response = await app.request(path);
  expect([path, response.status]).toEqual([path, status]);
  return (await response.json()) as Body;
}

describe("GET /api/flows/{traceId}", () => {
  it("gives the whole flow by any of its traces", async () => {
    const first = await get<FlowResponse>(`/api/flows/${traceIdOf("o1")}`);
    const second = await get<FlowResponse>(`/api/flows/${traceIdOf("o1-c")}`);
    expect(() => flowResponseSchema.parse(first)).not.toThrow();
    expect(second).toEqual(first);
    expect(first.flow.id).toBe(traceIdOf("o1"));
    expect(first.spans).toHaveLength(3);
    expect(first.flow.hops.map(({ kind, joinedBy }) => [kind, joinedBy])).toEqual([
      ["publish", "identity"],
      ["receive", "identity"],
    ]);
    expect(first.flow.stats.coldStarts).toBe(1);
  });

  it("gives a flow of 5,001 spans whole, in pieces", async () => {
    const parts = Array.from({ length: 5_000 }, (_, at): SpanInput => ({
      trace: "big",
      id: `b${String(at)}`,
      parent: "big",
      service: "importer",
      at: 10,
    }));
    await insertSpans(
      test.store,
      stored([{ trace: "big", id: "big", service: "importer", at: -5_000, ms: 9_000 }, ...parts]),
    );
    const body = flowResponseSchema.parse(await get(`/api/flows/${traceIdOf("big")}`));
    expect(body.spans).toHaveLength(5_001);
    expect(body.flow.stats.spans).toBe(5_001);
  });

  it("keeps every attribute that was sent", async () => {
    const { spans } = await get<FlowResponse>(`/api/flows/${traceIdOf("o1")}`);
    const [sent] = stored(order("o1", 0).slice(0, 1));
    expect(spans[0]).toEqual({ ...sent, resource: { "service.name": "api" } });
  });

  it("says that there is no such trace", async () => {
    const { error } = await get<ErrorResponse>(`/api/flows/${"0".repeat(31)}1`, 404);
    expect(error).toMatchObject({ code: "not-found", field: "traceId" });
  });
});

describe("GET /api/flows", () => {
  it("lists each flow once, newest first, with the counts of the whole flow", async () => {
    const body = await get<FlowListResponse>("/api/flows");
    expect(() => flowListResponseSchema.parse(body)).not.toThrow();
    expect(body.flows.map(({ id }) => id)).toEqual(["o4", "o3", "o2", "o1", "big"].map(traceIdOf));
    expect(body.nextCursor).toBeUndefined();
    expect(body.flows[1]).toMatchObject({
      name: "POST /orders",
      service: "api",
      status: "error",
      durationMs: 80,
      services: ["api", "payment"],
      error: { type: "Declined" },
      stats: { spans: 3, invocations: 2, errors: 1 },
    });
  });

  it("lists a flow whose caller sends its spans elsewhere", async () => {
    const own = await createTestStore();
    const called: SpanInput = { trace: "called", id: "called", parent: "elsewhere", kind: "server", service: "api" };
    const inner: SpanInput = { trace: "called", id: "inner", parent: "called", kind: "client", service: "api" };
    const served: SpanInput = { trace: "called", id: "served", parent: "inner", kind: "server", service: "b", at: 1 };
    await insertSpans(own.store, stored([called, inner, served]));
    const response = await createApp({ store: own.store }).request("/api/flows");
    const { flows } = (await response.json()) as FlowListResponse;
    expect(flows.map(({ id, stats }) => [id, stats.spans])).toEqual([[traceIdOf("called"), 3]]);
    await own.close();
  });

  it.for([
    ["status=error", ["o3"]],
    ["status=ok", ["o4", "o2", "o1", "big"]],
    ["service=payment", ["o4", "o3", "o2", "o1"]],
    ["service=nobody", []],
    [`to=${new Date(startMs + 1500).toISOString()}`, ["o2", "o1", "big"]],
  ] as const)("filters by %s", async ([query, names]) => {
    const { flows } = await get<FlowListResponse>(`/api/flows?${query}`);
    expect(flows.map(({ id }) => id)).toEqual(names.map(traceIdOf));
  });

  it("gives every flow once over its pages", async () => {
    const seen: string[] = [];
    let cursor: string | undefined = "";
    while (cursor !== undefined) {
      const page: FlowListResponse = await get(`/api/flows?limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.flows.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(["o4", "o3", "o2", "o1", "big"].map(traceIdOf));
  });
});

describe("GET /api/functions", () => {
  it("gives each function's totals", async () => {
    const body = await get<FunctionListResponse>("/api/functions");
    expect(() => functionListResponseSchema.parse(body)).not.toThrow();
    expect(body.functions).toMatchObject([
      { name: "api", invocations: 4, errors: 0, coldStarts: 4, coldStartRate: 1, initMs: { p50: 150.5, p95: 150.5 } },
      {
        name: "payment",
        invocations: 4,
        errors: 1,
        errorRate: 0.25,
        initMs: null,
        durationMs: { p50: 30, p95: 30, p99: 30 },
      },
    ]);
  });
});

describe("a wrong request", () => {
  it.for([
    ["/api/flows/xyz", "traceId"],
    [`/api/flows/${"A".repeat(32)}`, "traceId"],
    ["/api/flows?limit=0", "limit"],
    ["/api/flows?limit=many", "limit"],
    ["/api/flows?status=broken", "status"],
    ["/api/flows?cursor=1-2-3", "cursor"],
    ["/api/flows?from=yesterday", "from"],
    ["/api/flows?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"],
    ["/api/functions?to=2026-13-01T00:00:00Z", "to"],
    ["/api/flows?service=", "service"],
    ["/api/flows?minDurationMs=long", "minDurationMs"],
    ["/api/flows?minDurationMs=-1", "minDurationMs"],
    ["/api/flows?minDurationMs=9&maxDurationMs=8", "minDurationMs"],
    ["/api/flows?minQueueWaitMs=Infinity", "minQueueWaitMs"],
    ["/api/flows?coldStart=yes", "coldStart"],
    ["/api/flows?attribute=novalue", "attribute"],
    [`/api/flows?cursor=9223372036854775808-${"1".repeat(32)}-${"1".repeat(16)}`, "cursor"],
    [`/api/flows?cursor=1-${"1".repeat(32)}-${"1".repeat(16)}-service`, "cursor"],
    [`/api/flows/${"1".repeat(32)}/compare/xyz`, "otherTraceId"],
    ["/api/functions/api/series?stepS=61", "stepS"],
    ["/api/functions/api/series?stepS=0", "stepS"],
    ["/api/queues?from=now", "from"],
    ["/api/map?to=", "to"],
    ["/api/spans?kind=odd", "kind"],
    ["/api/spans?limit=1001", "limit"],
    ["/api/spans?minDurationMs=9&maxDurationMs=8", "minDurationMs"],
    ["/api/spans/groups", "by"],
    ["/api/spans/groups?by=service&limit=0", "limit"],
    ["/api/spans/heatmap?columns=1", "columns"],
    ["/api/spans/heatmap?columns=501", "columns"],
    ["/api/spans/compare?baseFrom=2026-01-01T00:00:00Z", "baseFrom"],
    ["/api/spans/compare?baseFrom=2026-01-02T00:00:00Z&baseTo=2026-01-01T00:00:00Z", "baseFrom"],
    ["/api/attributes/values", "key"],
    ["/api/live?status=odd", "status"],
    ["/api/live?minDurationMs=9&maxDurationMs=3", "minDurationMs"],
    ["/api/flows?servce=api", "servce"],
    ["/api/map?service=api", "service"],
    ["/api/flows?from=2999-01-01T00:00:00Z&to=2999-01-02T00:00:00Z", "from"],
    ["/api/spans/heatmap?from=0001-01-01T00:00:00Z", "from"],
    ["/api/spans/compare?baseFrom=9940-01-01T00:00:00Z&baseTo=9950-01-01T00:00:00Z", "baseFrom"],
    ["/api/flows?minDurationMs=", "minDurationMs"],
    ["/api/flows?limit=%20", "limit"],
    ["/api/flows?limit=5&limit=6", "limit"],
    [`/api/flows/${"1".repeat(32)}/outline?clock=as-sent`, "clock"],
  ])("gets 400 and the field: %s", async ([path, field]) => {
    const { error } = await get<ErrorResponse>(path ?? "", 400);
    expect(error).toMatchObject({ code: "invalid", field });
    expect(error.message.length).toBeLessThan(300);
  });

  it.for([
    ["/api/flows?from=2026-01-01T00:00:00", /ISO 8601 with Z or an offset .*such as 2026-11-21T12:00:00Z/],
    ["/api/flows?from=2026-01-01T00:00:00+02:00", /its \+ written %2B/],
    [`/api/flows?${Array.from({ length: 11 }, () => "attribute=a=b").join("&")}`, /key=value, up to 10 times/],
    ["/api/flows?limit=201", /<=200/],
    ["/api/flows?status=odd", /"ok"\|"error"/],
  ] as const)("gets what is allowed: %s", async ([path, allowed]) => {
    expect((await get<ErrorResponse>(path, 400)).error.message).toMatch(allowed);
  });

  it("takes an injection for what it is: a value", async () => {
    const { flows } = await get<FlowListResponse>(
      `/api/flows?service=${encodeURIComponent("' OR 1=1; DROP TABLE spans --")}`,
    );
    expect(flows).toEqual([]);
  });

  it.for([
    ["POST", "/api/flows", "GET, HEAD"],
    ["DELETE", `/api/flows/${traceIdOf("a")}`, "GET, HEAD"],
    ["OPTIONS", "/api/openapi.json", "GET, HEAD"],
  ] as const)("is told the methods of a route: %s %s", async ([method, path, allowed]) => {
    const response = await app.request(path, { method });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, allowed]);
    expect(((await response.json()) as ErrorResponse).error.code).toBe("method-not-allowed");
  });

  it("gets JSON where there is no such route", async () => {
    expect(await get<ErrorResponse>("/api/nothing", 404)).toMatchObject({ error: { code: "not-found" } });
  });
});

describe("without its store", () => {
  it("says so and when to come back", async () => {
    const store = connectStore({
      endpoint: () => ({ url: "http://127.0.0.1:9", username: "x", password: "" }),
      database: "x",
    });
    const away = createApp({ store });
    const [flows, ready, live] = await Promise.all(
      ["/api/flows", "/readyz", "/healthz"].map(async (path) => away.request(path)),
    );
    expect([flows?.status, ready?.status, live?.status]).toEqual([503, 503, 200]);
    expect(flows?.headers.get("retry-after")).toBe("2");
    await store.close();
  });

  it("is not ready where the store hangs, and says so before a probe has given up", async () => {
    const silent = createTcpServer();
    await new Promise<void>((settle) => silent.listen(0, "127.0.0.1", settle));
    const url = `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`;
    const store = connectStore({ endpoint: () => ({ url, username: "x", password: "" }), database: "x" });
    const ready = await createApp({ store }).request("/readyz");
    expect(ready.status).toBe(503);
    // And not the server's bound with its margin.
    expect(await ready.text()).toMatch(/does not answer: .*aborted due to timeout/);
    await store.close();
    silent.close();
  });
});

it.for(["/api/flows", "/api/flows/xyz", "/api/nothing", "/api/services", "/metrics", "/healthz"])(
  "no cache keeps what %s answers, and no browser takes it for a page",
  async (path) => {
    const { headers } = await app.request(path);
    expect([headers.get("Cache-Control"), headers.get("X-Content-Type-Options")]).toEqual(["no-store", "nosniff"]);
  },
);

describe("GET /api/openapi.json", () => {
  /** Routes below /api as `GET /api/flows/{traceId}`. */
  const routesOf = ({ routes }: Pick<Hono, "routes">) => {
    const found = routes
      .filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/"))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
    return [...new Set(found)].sort();
  };

  it("describes every route but itself and those of Jaeger, which Jaeger describes", async () => {
    // Of the routes of alerts none is called here.
    const alerts = alertRoutes({ store: test.store, now: Date.now, alerting: {} as never, book: {} as never });
    const whole = createApp({ store: test.store, alerts });
    const { paths } = (await (await whole.request("/api/openapi.json")).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const context = { store: test.store, now: Date.now };
    const jaeger = [...routesOf(jaegerV1(context)), ...routesOf(jaegerV3(context))];
    expect(jaeger).toEqual(expect.arrayContaining(["GET /api/traces", "GET /api/v3/traces"]));
    expect([...described, ...jaeger, "GET /api/openapi.json"].sort()).toEqual(routesOf(whole));
  });

  interface Operation {
    readonly operationId: string;
    readonly summary: string;
    readonly parameters?: readonly { readonly name: string; readonly description?: string; readonly schema: unknown }[];
    readonly responses: Record<string, { readonly description: string }>;
  }

  it("says of every operation its name, its parameters and its errors, and how to be let in", async () => {
    const alerts = alertRoutes({ store: test.store, now: Date.now, alerting: {} as never, book: {} as never });
    const whole = createApp({ store: test.store, alerts, password: "secret" });
    const authorization = `Basic ${Buffer.from("any:secret").toString("base64")}`;
    const document = (await (await whole.request("/api/openapi.json", { headers: { authorization } })).json()) as {
      paths: Record<string, Record<string, Operation>>;
      components: { securitySchemes: unknown };
      security: unknown;
    };
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { operationId, summary, parameters = [], responses } of operations) {
      expect.soft(summary, operationId).not.toBe("");
      for (const { name, description = "", schema } of parameters) {
        expect.soft(description, `${operationId} ${name}`).toMatch(/\.$/);
        expect.soft(JSON.stringify(schema), `${operationId} ${name}`).not.toContain('"null"');
      }
      if (operationId !== "getAlertsSchemaJson") {
        expect.soft(Object.keys(responses), operationId).toEqual(expect.arrayContaining(["200", "400", "401", "500", "503"]));
      }
    }
    expect(document.components.securitySchemes).toMatchObject({ password: { type: "http", scheme: "basic" } });
    expect(document.security).toEqual([{ password: [] }]);
  });
});
