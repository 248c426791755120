/** What Prometheus scrapes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExposition } from "../../test/support/exposition.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, type SpanInput } from "../flow/test-spans.ts";
import { StoreError } from "../store/store.ts";
import { createApp } from "./app.ts";
import { exposition } from "../store/exposition.ts";

/** Noon: the day has begun, and yesterday is not long ago. */
const nowMs = new Date().setUTCHours(12, 0, 0, 0) - 24 * 3_600_000;

const run = (id: string, agoMs: number, input: Partial<SpanInput> = {}) => ({
  ...span({
    trace: id,
    id,
    kind: "consumer",
    service: 'the "shop"',
    ms: 1_500,
    attributes: { "faas.trigger": "pubsub" },
    resource: { "faas.name": "pay", "faas.max_memory": 1024 ** 3 },
    ...input,
  }),
  startTime: fromMs(nowMs - agoMs),
});

let test: TestStore;
beforeAll(async () => {
  test = await createTestStore();
  await insertSpans(test.store, [
    run("one", 60_000),
    run("cold", 120_000, { ms: 2_500, attributes: { "faas.trigger": "pubsub", "faas.coldstart": true } }),
    run("failed", 7_200_000, { status: "error" }),
    run("yesterday", 13 * 3_600_000),
  ]);
});
afterAll(() => test.close());

async function scrape(store = test.store): Promise<Map<string, number>> {
  const response = await createApp({ store, now: () => nowMs, metrics: [() => "" ] }).request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return readExposition(await response.text());
}

describe("/metrics", () => {
  it("counts what functions did since midnight, and says how long they took of late", async () => {
    const values = await scrape();
    const labels = String.raw`service="the \"shop\"",function="pay"`;
    const of = (name: string) => values.get(`hopscope_function_${name}{${labels}}`);
    expect(["invocations", "errors", "timeouts", "cold_starts"].map((name) => of(`${name}_total`))).toEqual([3, 1, 0, 1]);
    expect([of("duration_seconds_sum"), of("duration_seconds_count"), of("gb_seconds_total")]).toEqual([5.5, 3, 5.5]);
    expect(values.get(`hopscope_function_duration_seconds{${labels},quantile="0.99"}`)).toBeCloseTo(2.5, 1);
    expect(values.get("hopscope_store_up")).toBe(1);
  });

  it("says where it has not all functions", async () => {
    expect((await scrape()).get("hopscope_functions_truncated")).toBe(0);
    const many = await createTestStore();
    const resourceOf = (n: number) => ({ resource: { "faas.name": `f${String(n).padStart(4, "0")}` } });
    await insertSpans(many.store, Array.from({ length: 2_001 }, (_, n) => run(`r${String(n)}`, 60_000, resourceOf(n))));
    const values = await scrape(many.store);
    await many.close();
    expect(values.get("hopscope_functions_truncated")).toBe(1);
    const named = (name: string) => [...values.keys()].filter((key) => key.startsWith(name));
    expect(named("hopscope_function_invocations_total")).toHaveLength(2_000);
    expect(named("hopscope_function_duration_seconds{")).toHaveLength(6_000);
    expect(named("hopscope_function").filter((key) => key.includes('"f2000"'))).toEqual([]);
  });

  it("is answered while the store is away, and says so", async () => {
    const query = () => Promise.reject(new StoreError("gone", { retryable: true }));
    const values = await scrape({ ...test.store, query });
    expect(values.get("hopscope_store_up")).toBe(0);
    expect(values.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(values.get("process_start_time_seconds")).toBeCloseTo(performance.timeOrigin / 1000);
  });

  it("writes every value and label so that it can be read", () => {
    const values = [Infinity, -Infinity, NaN, 1e-7, 0.5].map((value, at) => ({ labels: { at: `\\"\n${String(at)}` }, value }));
    const read = readExposition(exposition([{ name: "x", type: "gauge", help: "X.", samples: values }]));
    expect([...read.keys()]).toEqual(values.map((_, at) => String.raw`x{at="\\\"\n` + `${String(at)}"}`));
  });
});
