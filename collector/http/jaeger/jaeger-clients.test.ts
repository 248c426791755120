/** What Jaeger's clients do with answers: Grafana decodes them into Go's types, and asks for names as they are. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hono } from "hono";
import { z } from "zod";
import { insertSpans } from "../../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { fromMs } from "../../flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../../flow/test-spans.ts";
import { createApp } from "../app.ts";
import { TRACES_MAX } from "./search-limit.ts";

const startMs = Date.now() - 60_000;
let test: TestStore;
let app: Hono;

const odd: SpanInput[] = [
  {
    trace: "odd",
    id: "a",
    service: "orders/eu west",
    kind: "server",
    name: "",
    ms: 1e9,
    attributes: { "": "no name", list: [1, "a", null], deep: { of: { it: [true] } }, big: "9223372036854775807", half: 0.5, no: null },
    events: [{ name: "", attributes: { at: 1e300 } }],
    links: [{ trace: "gone", id: "x" }],
  },
  { trace: "odd", id: "a", service: "orders/eu west", kind: "client", at: 1, ms: 0, status: "error" },
  { trace: "odd", id: "c", parent: "c", service: "", at: 2 },
];

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const many = Array.from({ length: TRACES_MAX + 2 }, (_, n): SpanInput => ({ trace: `m${String(n)}`, id: "m", service: "many" }));
  const at = (input: SpanInput) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) });
  await insertSpans(test.store, [...odd, ...many].map(at));
});

afterAll(async () => {
  await test.close();
});

const get = async (path: string) => {
  const response = await app.request(path);
  return { status: response.status, warning: response.headers.get("Warning"), body: (await response.json()) };
};

describe("more traces than one answer holds", () => {
  const range = `query.startTimeMin=${new Date(startMs - 1000).toISOString()}&query.startTimeMax=${new Date(startMs + 60_000).toISOString()}`;
  const said = expect.stringContaining(`cut at the limit of traces (${String(TRACES_MAX)})`);

  it("are not kept silent in version 1", async () => {
    const { body } = await get(`/api/traces?service=many&limit=${String(TRACES_MAX + 1)}`);
    expect(body).toMatchObject({ errors: [{ msg: said }] });
    expect((body as { data: unknown[] }).data).toHaveLength(TRACES_MAX);
  });

  it("are not kept silent in version 3", async () => {
    const { warning, body } = await get(`/api/v3/trace-summaries?${range}&query.serviceName=many&query.searchDepth=9000`);
    expect(warning).toEqual(said);
    expect((body as { summaries: unknown[] }).summaries).toHaveLength(TRACES_MAX);
  });

  it.for([`limit=${String(TRACES_MAX)}`, "limit=3"])("than were asked for are no cut: %s", async (limit) => {
    expect((await get(`/api/traces?service=many&${limit}`)).body).toMatchObject({ errors: null });
  });

  it("are none where all of them fit, however many were asked for", async () => {
    expect((await get(`/api/traces?service=orders%2Feu%20west&limit=9000`)).body).toMatchObject({ errors: null });
  });
});

/** Go's decoder refuses a fraction for an int64, and a number for a string. */
const tag = z.object({ key: z.string(), type: z.string(), value: z.unknown() });
const goTraces = z.object({
  data: z.array(
    z.object({
      traceID: z.string(),
      processes: z.record(z.string(), z.object({ serviceName: z.string(), tags: z.array(tag) })),
      warnings: z.array(z.string()).nullable(),
      spans: z
        .array(
          z.object({
            traceID: z.string(),
            spanID: z.string(),
            processID: z.string(),
            operationName: z.string(),
            startTime: z.int(),
            duration: z.int(),
            logs: z.array(z.object({ timestamp: z.number(), fields: z.array(tag) })),
            references: z.array(z.object({ refType: z.string(), spanID: z.string(), traceID: z.string() })),
            tags: z.array(tag),
            warnings: z.array(z.string()).nullable(),
          }),
        )
        // It reads the first span of each trace that it found.
        .nonempty(),
    }),
  ),
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
});

describe("Grafana's data source", () => {
  it.for([`/api/traces/${traceIdOf("odd")}`, "/api/traces?limit=5000", `/jaeger/api/traces?traceID=${traceIdOf("odd")}`])(
    "decodes %s",
    async (path) => {
      const { body } = await get(path);
      expect(goTraces.safeParse(body)).toMatchObject({ success: true });
    },
  );

  it("finds the operations of a service with a slash in its name, which it does not escape", async () => {
    expect((await get("/api/services/orders/eu%20west/operations")).body).toMatchObject({ data: ["", "a"], total: 2 });
  });
});
