/** What is read as quarters of days, hours and minutes says what the spans of the range say, whatever the range. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { fromMs } from "../../flow/instant.ts";
import { functionSeries } from "./function-series.ts";
import { functionTotals } from "./functions.ts";
import { mapEdges } from "./map-edges.ts";
import { queueTotals } from "./queues.ts";
import { rollupRange, type MinuteRange } from "./rollup-range.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Spans lie in the fourteen hours from here on, one before a quarter of a day begins. */
const startMs = Math.floor(Date.now() / (6 * HOUR_MS)) * 6 * HOUR_MS - 49 * HOUR_MS;
const spannedMs = 14 * HOUR_MS;
const inserts = 4;
const spansPerInsert = 1_500;
const rangesTried = 40;
/** How far off the share of values below a digest's quantile may be, and of few values by so many of them. */
const shareError = 0.02;
const placeError = 2;

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
  for (let salt = 0; salt < inserts; salt += 1) {
    await db.store.command(
      `INSERT INTO spans (trace_id, span_ids, start_time, duration_ns, kind, status_code, service_name, faas_trigger,
         faas_max_memory, memory_used, messaging_system, messaging_operation_type, messaging_destination_name,
         message_sent_ms)
       SELECT randomFixedString(16), randomFixedString(8),
         fromUnixTimestamp64Milli({startMs:Int64} + toInt64(cityHash64(number, {salt:UInt8}) % {spannedMs:UInt64})) AS start,
         1000000 * (1 + cityHash64(number, {salt:UInt8}, 'took') % 900), 5, if(number % 7 = 0, 2, 0),
         concat('pay-', toString(number % 3)), 'pubsub', 536870912, number, 'aws_sqs', 'process',
         concat('orders-', toString(number % 2)), toUnixTimestamp64Milli(start) - 1 - number % 50
       FROM numbers({count:UInt32})`,
      { startMs, spannedMs, salt, count: spansPerInsert },
    );
  }
});
afterAll(() => db.close());

/** What the spans themselves say, by function or by queue. */
interface Truth {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
  readonly memory: number;
  readonly durations: readonly number[];
  readonly waits: readonly number[];
}

async function truthOf({ from, to }: MinuteRange, by: "service_name" | "messaging_destination_name"): Promise<Truth[]> {
  return db.store.query<Truth>(
    `SELECT ${by} AS name, toUInt32(count()) AS spans, toUInt32(countIf(status_code = 2)) AS errors,
       toUInt32(max(memory_used)) AS memory, groupArray(duration_ns / 1e6) AS durations,
       groupArray(toUInt32(toUnixTimestamp64Milli(start_time) - message_sent_ms)) AS waits
     FROM spans
     WHERE start_time >= toStartOfMinute(parseDateTimeBestEffort({from:String}))
       AND toStartOfMinute(start_time) < parseDateTime64BestEffort({to:String}, 3)
     GROUP BY name ORDER BY name`,
    { from, to },
  );
}

/** Ranges of any length and place around the spans, some of which begin or end with an hour. */
const ranges = fc
  .tuple(
    fc.oneof(fc.integer({ min: -HOUR_MS, max: spannedMs }), fc.constantFrom(0, HOUR_MS, 2 * HOUR_MS)),
    fc.oneof(
      fc.integer({ min: 1, max: 3 * MINUTE_MS }),
      fc.integer({ min: 1, max: spannedMs + 2 * HOUR_MS }),
      fc.constantFrom(HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS),
    ),
  )
  .map(([fromOffset, length]) => ({ from: fromMs(startMs + fromOffset), to: fromMs(startMs + fromOffset + length) }));

it(`counts what the spans of ${String(rangesTried)} ranges say, and has their quantiles`, async () => {
  let counted = 0;
  const property = fc.asyncProperty(ranges, async (range) => {
    const byFunction = await truthOf(range, "service_name");
    const byQueue = await truthOf(range, "messaging_destination_name");
    counted += byFunction.reduce((sum, { spans }) => sum + spans, 0);
    const functions = (await functionTotals(db.store, range)).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(functions.map((one) => [one.name, one.invocations, one.errors, one.memoryUsedMax])).toEqual(
      byFunction.map(({ name, spans, errors, memory }) => [name, spans, errors, memory]),
    );
    functions.forEach(({ durationMs, gbSeconds }, at) => {
      const { durations = [] } = byFunction[at] ?? {};
      expect(gbSeconds).toBeCloseTo(durations.reduce((sum, ms) => sum + ms, 0) / 1000 / 2, 6);
      expectQuantiles(durations, [[0.5, durationMs.p50], [0.95, durationMs.p95], [0.99, durationMs.p99]]);
    });
    const queues = (await queueTotals(db.store, range)).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(queues.map(({ name, messages, failures }) => [name, messages, failures])).toEqual(
      byQueue.map(({ name, spans, errors }) => [name, spans, errors]),
    );
    queues.forEach(({ waitMs }, at) => {
      expectQuantiles(byQueue[at]?.waits ?? [], [[0.5, waitMs?.p50], [0.95, waitMs?.p95]]);
    });
    const edges = await mapEdges(db.store, range);
    const edgesOf = (name: string) => edges.filter(({ service }) => service === name);
    expect(byFunction.map(({ name }) => sumOf(edgesOf(name).map(({ count }) => count)))).toEqual(
      byFunction.map(({ spans }) => spans),
    );
    expect(sumOf(edges.map(({ errors }) => errors))).toBe(sumOf(byFunction.map(({ errors }) => errors)));
  });
  await fc.assert(property, { numRuns: rangesTried });
  expect(counted).toBeGreaterThan(0);
});

it.for([60, 900, 3600, 7200, 21_600])("has a point for every step of %d s in which it ran, whole or cut by the range", async (stepS) => {
  await fc.assert(
    fc.asyncProperty(ranges, async (range) => {
      const { points } = await functionSeries(db.store, { name: "pay-1", ...range, stepS });
      const [found] = (await truthOf(range, "service_name")).filter(({ name }) => name === "pay-1");
      expect(sumOf(points.map(({ invocations }) => invocations))).toBe(found?.spans ?? 0);
      const busyS = sumOf(points.map(({ concurrency }) => concurrency * stepS));
      expect(busyS).toBeCloseTo(sumOf(found?.durations ?? []) / 1000, 6);
      const times = points.map(({ time }) => Date.parse(time) / 1000);
      expect(times.filter((time) => time % stepS !== 0)).toEqual([]);
      expect(new Set(times).size).toBe(times.length);
    }),
    { numRuns: rangesTried / 4 },
  );
});

it.for([
  ["04:20:30.5", "20:45:10", 21_600, ["04:20", "05:00", "06:00", "18:00", "20:00", "20:45:10"]],
  ["04:20:30.5", "20:45:10", 7200, ["04:20", "05:00", "20:00", "20:00", "20:00", "20:45:10"]],
  ["04:20:30.5", "20:45:10", 900, ["04:20", "20:45:10", "20:45:10", "20:45:10", "20:45:10", "20:45:10"]],
  ["06:00", "18:00", 21_600, ["06:00", "06:00", "06:00", "18:00", "18:00", "18:00"]],
  ["10:20:30.5", "14:45:10", 21_600, ["10:20", "11:00", "14:00", "14:00", "14:00", "14:45:10"]],
  ["10:00:30", "11:00:00.001", 21_600, ["10:00", "10:00", "11:00", "11:00", "11:00", "11:00:01"]],
  ["10:01", "11:59", 21_600, ["10:01", "11:59", "11:59", "11:59", "11:59", "11:59"]],
] as const)("reads from %s to %s, in steps of %d s, as minutes, whole hours and quarters", ([from, to, stepS, parts]) => {
  const at = (time: string) => `2026-11-21T${time}Z`;
  const range = rollupRange({ from: at(from), to: at(to) }, stepS);
  const found = [range.first, range.firstHour, range.firstQuarter, range.endQuarter, range.endHour, range.end];
  expect(found).toEqual(parts.map((time) => Date.parse(at(time)) / 1000));
});

/** A share, and the value of which a digest says that so many are below it. */
type Quantile = readonly [number, number | undefined];

/** The share of values below each quantile is the quantile's, as nearly as a digest knows it. */
function expectQuantiles(values: readonly number[], quantiles: readonly Quantile[]): void {
  for (const [share, value = Number.NaN] of quantiles) {
    const tolerance = shareError + placeError / values.length;
    expect(values.filter((one) => one < value).length / values.length).toBeLessThanOrEqual(share + tolerance);
    expect(values.filter((one) => one <= value).length / values.length).toBeGreaterThanOrEqual(share - tolerance);
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
