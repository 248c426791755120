/** Rare flows among many: found in one page, or the page says how far it looked. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hono } from "hono";
import { flowListResponseSchema, type FlowListResponse } from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";

/** More than a page looks at. */
const usual = 4_200;
const startMs = Date.now() - 60_000;

const key = (id: string) => ({
  "messaging.system": "aws_sqs",
  "messaging.destination.name": "jobs",
  "messaging.message.id": id,
});

const process = { "messaging.operation.type": "process", "messaging.destination.name": "mails" };

/** The oldest of all flows, each with one thing that no other has. */
const rare: SpanInput[] = [
  { trace: "failed", id: "failed", kind: "server", service: "api", at: -1, status: "error" },
  { trace: "timeout", id: "timeout", kind: "server", service: "api", at: -2, attributes: { "hopscope.timeout": true } },
  { trace: "cold", id: "cold", kind: "server", service: "api", at: -3, attributes: { "faas.coldstart": true } },
  { trace: "billing", id: "billing", kind: "server", service: "billing", at: -4 },
  { trace: "long", id: "long", kind: "server", service: "api", at: -5, ms: 9_000 },
  { trace: "short", id: "short", kind: "server", service: "api", at: -8, ms: 2 },
  {
    trace: "waited",
    id: "waited",
    kind: "consumer",
    service: "mailer",
    at: -9,
    attributes: { ...process, ...key("w"), "hopscope.message.sent_ms": startMs - 60_000 },
  },
  {
    trace: "waited-batch",
    id: "waited-batch",
    kind: "consumer",
    service: "mailer",
    at: -11,
    attributes: { ...process, "messaging.batch.message_count": 2 },
    events: [30_000, 70_000].map((ago) => ({
      name: "hopscope.message",
      attributes: { ...key(`w${String(ago)}`), "hopscope.message.sent_ms": startMs - ago },
    })),
  },
  { trace: "vip", id: "vip", kind: "server", service: "api", at: -6, attributes: { region: "north", customer: "c-7" } },
  { trace: "single", id: "single", kind: "consumer", service: "mailer", at: -7, attributes: { ...process, ...key("m") } },
  // Two requests whose messages meet in one invocation: only this one says which job it was.
  ...["left", "right"].flatMap((trace, n): SpanInput[] => [
    { trace, id: `${trace}-a`, kind: "server", service: "api", at: -20 + n, attributes: { job: "no" } },
    { trace, id: `${trace}-p`, parent: `${trace}-a`, kind: "producer", service: "api", at: -20 + n, attributes: key(trace) },
  ]),
  {
    trace: "batch",
    id: "batch",
    kind: "consumer",
    service: "worker",
    at: -10,
    attributes: { ...process, "messaging.batch.message_count": 2, job: "yes", "faas.trigger": "pubsub" },
    links: ["left", "right"].map((trace) => ({ trace, id: `${trace}-p`, attributes: key(trace) })),
  },
];

/** Older still: few flows with so many spans each that these are no rarity. */
const wide = Array.from({ length: 101 }, (_, n) => ({ trace: `wide${String(n)}`, at: -100 - 10 * n })).flatMap((each) => {
  const root = `${each.trace}-0`;
  return Array.from({ length: 20 }, (_, n): SpanInput => {
    const parent = n === 0 ? {} : { parent: root };
    return { ...each, ...parent, id: `${each.trace}-${String(n)}`, kind: "server", service: "importer", ms: 10 };
  });
});

let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const many = Array.from(
    { length: usual },
    (_, n): SpanInput => ({
      trace: `u${String(n)}`,
      id: `u${String(n)}`,
      kind: "server",
      service: "api",
      at: n,
      attributes: { region: "north", "faas.trigger": "http" },
    }),
  );
  const inputs = [...many, ...rare, ...wide];
  await insertSpans(
    test.store,
    inputs.map((input) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) })),
  );
});

afterAll(async () => {
  await test.close();
});

async function list(query: string, from: Hono = app): Promise<FlowListResponse> {
  const response = await from.request(`/api/flows?${query}`);
  expect(response.status).toBe(200);
  return flowListResponseSchema.parse(await response.json());
}

describe(`of ${String(usual)} flows, one page finds`, { timeout: 60_000 }, () => {
  it.for([
    ["status=error", ["failed", "timeout"]],
    ["coldStart=true", ["cold"]],
    ["service=billing", ["billing"]],
    ["attribute=region%3Dnorth&attribute=customer%3Dc-7", ["vip"]],
    ["service=api&attribute=customer%3Dc-7", ["vip"]],
    ["attribute=job%3Dyes", ["right", "left"]],
    ["attribute=job%3Dyes&attribute=job%3Dno", ["right", "left"]],
    ["service=nobody", []],
    ["minQueueWaitMs=50000&service=mailer", ["waited", "waited-batch"]],
  ] as const)("%s", async ([query, traces]) => {
    const { flows, ...rest } = await list(query);
    expect(flows.map(({ id }) => id)).toEqual(traces.map(traceIdOf));
    expect(rest).toEqual({});
  });
});

describe(`of ${String(usual)} flows, one page finds by single spans, and says so,`, { timeout: 60_000 }, () => {
  it.for([
    ["minDurationMs=5000", ["long"], 4],
    ["minDurationMs=5000&maxDurationMs=8999", [], 4],
    ["minDurationMs=20000", [], 4],
    ["minQueueWaitMs=50000", ["waited", "waited-batch"], 1],
    ["minQueueWaitMs=65000", ["waited-batch"], 1],
  ] as const)("%s", async ([query, traces, parts]) => {
    const { flows, truncated } = await list(query);
    expect(flows.map(({ id }) => id)).toEqual(traces.map(traceIdOf));
    expect(truncated).toEqual({ limit: "parts", value: parts });
  });
});

describe("a page", { timeout: 60_000 }, () => {
  it("says how far it looked, and the next one goes on from there", async () => {
    const first = await list("maxDurationMs=5");
    expect(first).toMatchObject({ flows: [], truncated: { limit: "entries", value: 4_000 } });
    const second = await list(`maxDurationMs=5&cursor=${first.nextCursor ?? ""}`);
    expect(second.flows.map(({ id }) => id)).toEqual([traceIdOf("short")]);
    expect(second).not.toHaveProperty("truncated");
  });

  it("keeps to the way that its cursor came from", async () => {
    const first = await list("status=error&limit=1");
    expect(first.flows.map(({ id }) => id)).toEqual([traceIdOf("failed")]);
    const second = await list(`status=error&limit=1&cursor=${first.nextCursor ?? ""}`);
    expect(second.flows.map(({ id }) => id)).toEqual([traceIdOf("timeout")]);
    const other = await app.request(`/api/flows?service=api&cursor=${first.nextCursor ?? ""}`);
    expect([other.status, await other.json()]).toMatchObject([400, { error: { field: "cursor" } }]);
  });

  it("goes by spans that are many where they are of few flows", async () => {
    const { flows, ...rest } = await list("service=importer&limit=10");
    const newest = [...new Set(wide.map(({ trace }) => traceIdOf(trace)))].slice(0, 10);
    expect(flows.map(({ id }) => id)).toEqual(newest);
    expect(Object.keys(rest)).toEqual(["nextCursor"]);
  });

  it("of one holds one of the flows that met in a batch, and says so", async () => {
    expect(await list("attribute=job%3Dyes&limit=1")).toMatchObject({
      flows: [{ id: traceIdOf("right") }],
      truncated: { limit: "flows", value: 1 },
    });
  });
});

/** Whatever is asked meets its bound at once. */
function bounded(bounds: { timeS?: number; rowsRead?: number }): Hono {
  const store: Store = {
    ...test.store,
    query: (sql, params, options) => test.store.query(sql, params, { ...options, bounds }),
    queryBlocks: (sql, params, options) => test.store.queryBlocks(sql, params, { ...options, bounds }),
  };
  return createApp({ store });
}

/** No question has the memory that it takes: the server counts only what is more than a few megabytes. */
function withoutMemory(): Hono {
  const query: Store["queryBlocks"] = (_sql, _params, options) => {
    options?.onCut?.({ limit: "memory", value: 1 });
    return Promise.resolve([]);
  };
  return createApp({ store: { ...test.store, query: query as Store["query"], queryBlocks: query } });
}

describe("an answer past a bound of the store", () => {
  const id = traceIdOf("u1");
  it.for([
    ["/api/functions", "rows"],
    ["/api/functions/api/series", "rows"],
    ["/api/queues", "rows"],
    ["/api/map", "rows"],
    ["/api/spans", "rows"],
    ["/api/spans/groups?by=service", "rows"],
    ["/api/spans/heatmap", "rows"],
    ["/api/spans/compare", "rows"],
    ["/api/attributes", "rows"],
    ["/api/attributes/values?key=region", "rows"],
    ["/api/flows?limit=5", "rows"],
    ["/api/spans/compare", "memory"],
    ["/api/flows?attribute=region%3Dnorth", "memory"],
  ] as const)("is no error and says so: %s, %s", async ([path, limit]) => {
    const tight = limit === "rows" ? bounded({ rowsRead: 1 }) : withoutMemory();
    const response = await tight.request(path);
    const body = (await response.json()) as { truncated?: unknown };
    expect(response.status).toBe(200);
    expect(body.truncated).toEqual({ limit, value: 1 });
  });

  it("is 400 and names the bound where it leaves nothing to show", async () => {
    const response = await withoutMemory().request(`/api/flows/${id}`);
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error.message]).toEqual([400, expect.stringMatching(/limit of memory: take a shorter/)]);
  });
});
