/** Where flows are few, none that is wanted is missing from the list, and none is there twice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hono } from "hono";
import { flowListResponseSchema } from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import { createApp } from "./app.ts";

const startMs = Date.now() - 60_000;

/** A request and what a queue brought after a while, as an SDK tells it that says nowhere when a message was sent. */
function queued(trace: string, { at, waitMs, hops = 1 }: { at: number; waitMs: number; hops?: number }): SpanInput[] {
  const queue = { "messaging.system": "kafka", "messaging.destination.name": "jobs" };
  const taken = Array.from({ length: hops }, (_, n): SpanInput[] => {
    const id = `${trace}-${String(n)}`;
    const link = { trace: n === 0 ? trace : `${trace}-${String(n - 1)}`, id: n === 0 ? `${trace}-s` : `${trace}-${String(n - 1)}-s` };
    const began = at + (n + 1) * waitMs;
    return [
      { trace: id, id, kind: "consumer", service: "worker", at: began, ms: 4, links: [link], attributes: queue },
      { trace: id, id: `${id}-s`, parent: id, kind: "producer", service: "worker", at: began, ms: 1, attributes: queue },
    ];
  });
  return [
    { trace, id: trace, kind: "server", service: "api", at, ms: 4 },
    { trace, id: `${trace}-s`, parent: trace, kind: "producer", service: "api", at, ms: 1, attributes: queue },
    ...taken.flat(),
  ];
}

/** Three spans of one service that begin at one instant, as code does that sends without waiting. */
function crowded(trace: string, at: number): SpanInput[] {
  const attributes = { job: "crowd" };
  return [
    { trace, id: trace, kind: "server", service: "crowd", at, attributes },
    ...["x", "y"].map(
      (name): SpanInput => ({ trace, id: trace + name, parent: trace, kind: "client", service: "crowd", at, attributes }),
    ),
  ];
}

const crowd = Array.from({ length: 12 }, (_, n) => `crowd${String(n)}`);
let test: TestStore;
let app: Hono;

beforeAll(async () => {
  test = await createTestStore();
  app = createApp({ store: test.store });
  const inputs = [
    ...queued("quick", { at: 0, waitMs: 10 }),
    ...queued("late", { at: 100, waitMs: 3_000 }),
    ...queued("many-steps", { at: 200, waitMs: 900, hops: 8 }),
    ...crowd.flatMap((trace, n) => crowded(trace, 20_000 + n)),
  ];
  await insertSpans(
    test.store,
    inputs.map((input) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) })),
  );
});

afterAll(async () => {
  await test.close();
});

/** The ids of all pages. */
async function all(query: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const response = await app.request(`/api/flows?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    const page = flowListResponseSchema.parse(await response.json());
    expect(page).not.toHaveProperty("truncated");
    ids.push(...page.flows.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return ids;
}

describe("among few flows", () => {
  it.for([
    ["minQueueWaitMs=2000", ["late"]],
    ["minQueueWaitMs=2000&service=worker", ["late"]],
    ["minDurationMs=2000", ["many-steps", "late"]],
    ["minDurationMs=7000", ["many-steps"]],
    ["minDurationMs=2000&maxDurationMs=5000&limit=1", ["late"]],
    ["minQueueWaitMs=60000", []],
  ] as const)("%s finds what only adds up to it", async ([query, traces]) => {
    expect(await all(query)).toEqual(traces.map(traceIdOf));
  });
});

it.for(["service=crowd", "attribute=job%3Dcrowd", "text=crowd", "service=crowd&minDurationMs=0"])(
  "pages of %s hold each flow once, though its spans begin at one instant",
  async (query) => {
    for (const limit of [1, 2, 5]) {
      expect(await all(`${query}&limit=${String(limit)}`)).toEqual(crowd.map(traceIdOf).reverse());
    }
  },
);
