/** A fan-out of thousands of messages, each taken in a trace of its own, through the real store. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Hono } from "hono";
import type { FlowListResponse } from "../../schema/api.ts";
import type { Flow } from "../../schema/flow.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf } from "../flow/test-spans.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";

const consumers = 5_000;
const startMs = Date.now() - 60_000;
/** As long as the ids that SQS gives. */
const messageId = (n: number) => `0a1b2c3d-4e5f-4a6b-8c7d-${String(n).padStart(12, "0")}`;

let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const message = { "messaging.system": "aws_sqs", "messaging.destination.name": "fan" };
  const keys = Array.from({ length: consumers }, (_, n) => `aws_sqs:${messageId(n)}`);
  const send = span({
    trace: "send",
    id: "send",
    kind: "producer",
    service: "sender",
    attributes: { ...message, "messaging.operation.type": "send", "hopscope.message.keys": keys },
  });
  const takes = keys.map((_, n) =>
    span({
      trace: `t${String(n)}`,
      id: `t${String(n)}`,
      kind: "consumer",
      service: "worker",
      at: 10 + (n % 100),
      attributes: {
        ...message,
        "messaging.operation.type": "process",
        "messaging.message.id": messageId(n),
        "faas.trigger": "pubsub",
      },
      resource: { "faas.name": "worker" },
    }),
  );
  const atNow = [send, ...takes].map((one, n) => ({ ...one, startTime: fromMs(startMs + Math.min(n, 1)) }));
  await insertSpans(test.store, atNow);
}, 60_000);

afterAll(async () => {
  await test.close();
});

it("opens whole, from either end", { timeout: 120_000 }, async () => {
  for (const trace of ["send", "t4999"]) {
    const response = await app.request(`/api/flows/${traceIdOf(trace)}`);
    const { flow } = (await response.json()) as { flow: Flow };
    expect([response.status, flow.id, flow.stats.spans]).toEqual([200, traceIdOf("send"), consumers + 1]);
    expect(flow.truncated).toBeUndefined();
  }
});

const lists = ["function=worker", "", "coldStart=false"];
it.for(lists)("is listed once and read once: /api/flows?%s", { timeout: 120_000 }, async (filter) => {
  let reads = 0;
  const counting: Store = {
    ...test.store,
    query: (sql, params, options) => {
      if (sql.includes("FROM spans")) reads += 1;
      return test.store.query(sql, params, options);
    },
    queryBlocks: (sql, params, options) => {
      if (sql.includes("FROM spans")) reads += 1;
      return test.store.queryBlocks(sql, params, options);
    },
  };
  const found: string[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const path = `/api/flows?${filter}&limit=5${cursor && `&cursor=${cursor}`}`;
    const page = (await (await createApp({ store: counting }).request(path)).json()) as FlowListResponse;
    found.push(...page.flows.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(found).toEqual([traceIdOf("send")]);
  // A search for each page, and each trace a few times: not once for each of those that lead to it.
  expect(reads).toBeLessThan(20);
});
