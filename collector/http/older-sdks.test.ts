/** Spans as OpenTelemetry's own layers for Lambda and its instrumentation of SQS send them today, with older names. */
import type { Hono } from "hono";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FlowListResponse, FunctionListResponse } from "../../schema/api.ts";
import type { FlowResponse } from "../../schema/flow.ts";
import { insertOtlp } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { createApp } from "./app.ts";

const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
const at = (fromMs: number, ms: number) => ({
  startTimeUnixNano: String(startNs + BigInt(fromMs * 1e6)),
  endTimeUnixNano: String(startNs + BigInt((fromMs + ms) * 1e6)),
});
const of = (attributes: Readonly<Record<string, string | number | boolean>>) =>
  Object.entries(attributes).map(([key, value]) => {
    if (typeof value === "number") return { key, value: { intValue: value } };
    return { key, value: typeof value === "string" ? { stringValue: value } : { boolValue: value } };
  });
const [order, run] = ["a", "b"].map((digit) => digit.repeat(32));
const message = { "messaging.system": "aws.sqs", "messaging.destination": "jobs", "messaging.message_id": "id-1" };

const sent = {
  resource: { attributes: of({ "service.name": "api" }) },
  scopeSpans: [
    {
      spans: [
        { traceId: order, spanId: "1".repeat(16), name: "POST /jobs", kind: 2, ...at(0, 20) },
        {
          ...{ traceId: order, spanId: "2".repeat(16), parentSpanId: "1".repeat(16), name: "jobs send", kind: 4, ...at(2, 5) },
          attributes: of(message),
        },
      ],
    },
  ],
};
const taken = {
  resource: { attributes: of({ "service.name": "worker", "faas.name": "worker", "faas.max_memory": 512 }) },
  scopeSpans: [
    {
      spans: [
        {
          ...{ traceId: run, spanId: "3".repeat(16), name: "worker", kind: 2, ...at(100, 2_000) },
          attributes: of({ "faas.execution": "request-1", "faas.coldstart": true }),
        },
        {
          ...{ traceId: run, spanId: "4".repeat(16), parentSpanId: "3".repeat(16), name: "jobs process", kind: 5 },
          ...{ ...at(101, 1_998), flags: 0x101 },
          attributes: of({ ...message, "faas.trigger": "pubsub", "messaging.operation.type": "process" }),
        },
      ],
    },
  ],
};

let test: TestStore;
let app: Hono;
beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  await insertOtlp(test.store, { resourceSpans: [sent] }, { resourceSpans: [taken] });
});
afterAll(() => test.close());

async function get<Answer>(path: string): Promise<Answer> {
  const response = await app.request(path);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

it("an invocation is counted once, with its cold start and its memory", async () => {
  const { functions } = await get<FunctionListResponse>("/api/functions");
  expect(functions).toMatchObject([
    { name: "worker", invocations: 1, coldStarts: 1, memoryLimit: 512 * 1024 ** 2, durationMs: { p50: 2_000 } },
  ]);
  expect(functions[0]?.gbSeconds).toBeCloseTo(1, 6);
});

it("a message joins its sender and its taker by its id", async () => {
  const { flow } = await get<FlowResponse>(`/api/flows/${run ?? ""}`);
  expect(flow).toMatchObject({ id: order, gaps: [], stats: { invocations: 1, coldStarts: 1 } });
  expect(flow.hops.map(({ kind, joinedBy, messageId }) => [kind, joinedBy, messageId])).toEqual([
    ["publish", "identity", "id-1"],
    ["receive", "identity", "id-1"],
  ]);
  expect(flow.stats.gbSeconds).toBeCloseTo(1, 2);
});

it("a flow is found by its queue", async () => {
  const { flows } = await get<FlowListResponse>("/api/flows?destination=jobs");
  expect(flows.map(({ id }) => id)).toEqual([order]);
});
