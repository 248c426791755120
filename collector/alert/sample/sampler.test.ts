import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { emptyState } from "../engine/empty-state.ts";
import { step } from "../engine/step.ts";
import type { Observation, Sample } from "../engine/types.ts";
import { readAlertFile } from "../rules/read-file.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { fillFunctionMinutes, type FunctionMinute } from "./fill-minutes.ts";
import { Known } from "./known.ts";
import { newestTickMs, takeSamples } from "./sampler.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.store.command("TRUNCATE TABLE function_minutes");
  await db.store.command("TRUNCATE TABLE alert_minutes");
  await db.store.command("TRUNCATE TABLE queue_minutes");
});

/** Minute 0 of the tests: recent, so that no retention drops it. */
const T0 = Math.floor(Date.now() / 3_600_000) * 3600 - 6 * 3600;
const at = (n: number): number => T0 + n * 60;

function rules(...lines: string[]): CompiledRule[] {
  const result = readAlertFile(`version: 1\nrules:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return [...result.config.rules];
}
async function sample(rule: string, n: number): Promise<Sample> {
  const [compiled] = rules(rule);
  const samples = await takeSamples(db.store, [compiled!], [at(n) * 1000]);
  return samples.get(at(n) * 1000)!.get(compiled!.rule.id)!;
}
async function goodSample(rule: string, n: number): Promise<Sample> {
  const taken = await sample(rule, n);
  expect(taken.error?.message).toBeUndefined();
  return taken;
}
function byFunction(series: readonly Observation[]): Record<string, number | null> {
  return Object.fromEntries(series.map((one) => [one.labels["function"] ?? one.labels["service"] ?? "", one.value]));
}
const minutes = (from: number, to: number, row: Omit<FunctionMinute, "minute"> = {}): FunctionMinute[] =>
  Array.from({ length: to - from }, (_, n) => ({ ...row, minute: at(from + n) }));

describe("a sample", () => {
  it("covers the window that ends at the evaluation, for each function", async () => {
    await fillFunctionMinutes(db.store, [
      ...minutes(0, 10, { errors: 50 }),
      ...minutes(10, 15, { errors: 10 }),
      ...minutes(10, 15, { function: "refund", errors: 1 }),
    ]);
    const { series, windowEndMs } = await goodSample("{ id: r, kind: error-rate, threshold: 5% }", 15);
    expect(byFunction(series)).toEqual({ pay: 0.1, refund: 0.01 });
    expect(series[0]?.volume).toBe(500);
    expect(windowEndMs).toBe(at(15) * 1000);
  });

  it("16: leaves out the newest minute, which looks like a drop because it is half filled", async () => {
    await fillFunctionMinutes(db.store, [...minutes(0, 70), { minute: at(70), seenAt: at(70), invocations: 10 }]);
    const { series } = await goodSample(
      "{ id: r, kind: throughput-drop, threshold: 50%, window: 1m, baseline: 30m }",
      70,
    );
    expect(series.map((one) => one.value)).toEqual([1]);
  });

  it("17: takes in the newest minute where more data can only make it worse", async () => {
    await fillFunctionMinutes(db.store, [...minutes(0, 5), { minute: at(5), seenAt: at(5), timeouts: 3 }]);
    const { series } = await goodSample("{ id: r, kind: timeouts, threshold: 1 }", 5);
    expect(byFunction(series)).toEqual({ pay: 3 });
  });

  it("sees nothing that arrived after its evaluation, so that it is the same whenever it is taken", async () => {
    await fillFunctionMinutes(db.store, [...minutes(0, 5), { minute: at(4), seenAt: at(9), errors: 100 }]);
    const { series } = await goodSample("{ id: r, kind: error-rate, threshold: 5%, window: 5m }", 5);
    expect(byFunction(series)).toEqual({ pay: 0 });
  });

  it("waits for a service whose data comes late, and for no other", async () => {
    const late = minutes(0, 30).map((row) => ({
      ...row,
      service: "batch",
      function: "slow",
      seenAt: row.minute + 60 + 180,
    }));
    await fillFunctionMinutes(db.store, [...late, ...minutes(0, 30)]);
    const { series } = await goodSample("{ id: r, kind: error-rate, threshold: 5%, window: 5m }", 25);
    const ends = Object.fromEntries(
      series.map((one) => [one.labels["function"], (one.windowEndMs! / 1000 - T0) / 60]),
    );
    expect(ends).toEqual({ slow: 22, pay: 25 });
    expect(series.map((one) => one.volume)).toEqual([500, 500]);
  });

  it("15: shows a window again when its data came after it was judged", async () => {
    await fillFunctionMinutes(db.store, [...minutes(0, 60), { minute: at(53), seenAt: at(56), errors: 90 }]);
    const rule = "{ id: r, kind: error-rate, threshold: 20%, window: 1m }";
    const [compiled] = rules(rule);
    let state = emptyState(compiled!.rule);
    const told: string[] = [];
    for (let n = 50; n < 64; n++) {
      const result = step(compiled!.rule, state, await goodSample(rule, n), at(n) * 1000);
      state = result.state;
      for (const event of result.events) if (event.type === "notification") told.push(`${event.kind}@${n}`);
    }
    expect(told).toEqual(["firing@56", "resolved@61"]);
  });

  it.for([
    ["{ id: r, kind: errors, threshold: 1, groupBy: [] }", [{ labels: {}, value: 9 }]],
    [
      "{ id: r, kind: errors, threshold: 1, groupBy: [service] }",
      [
        { labels: { service: "a" }, value: 3 },
        { labels: { service: "b" }, value: 6 },
      ],
    ],
    [
      "{ id: r, kind: errors, threshold: 1, groupBy: [service], scope: { function: 'g*' } }",
      [
        { labels: { service: "a" }, value: 2 },
        { labels: { service: "b" }, value: 4 },
      ],
    ],
    [
      "{ id: r, kind: duration, threshold: 1s, quantile: p50, groupBy: [], scope: { service: b } }",
      [{ labels: {}, value: 300 }],
    ],
    ["{ id: r, kind: memory, threshold: 90%, groupBy: [] }", [{ labels: {}, value: 0.75 }]],
  ] as const)("groups and narrows: %s", async ([rule, expected]) => {
    const row = (service: string, name: string, errors: number, ms: number, memoryUsed: number) => ({
      minute: at(1),
      service,
      function: name,
      errors,
      durations: [ms, ms, ms],
      memoryUsed,
      memoryLimit: 100,
    });
    await fillFunctionMinutes(db.store, [
      row("a", "f", 1, 100, 10),
      row("a", "g", 2, 200, 75),
      row("b", "f", 2, 300, 20),
      row("b", "g", 4, 300, 5),
    ]);
    const { series } = await goodSample(rule, 2);
    const found = series
      .map(({ labels, value }) => ({ labels, value }))
      .sort((x, y) => JSON.stringify(x).localeCompare(JSON.stringify(y)));
    expect(found).toEqual(expected);
  });

  it("counts a cron job that never ran as zero runs", async () => {
    const rule =
      "{ id: r, kind: expected, threshold: 1, window: 1h, groupBy: [function], scope: { function: nightly } }";
    expect(byFunction((await goodSample(rule, 10)).series)).toEqual({ nightly: 0 });
  });

  it("finds what fell silent", async () => {
    await fillFunctionMinutes(db.store, [...minutes(0, 30), ...minutes(0, 60, { function: "refund" })]);
    expect(byFunction((await goodSample("{ id: r, kind: no-data, window: 10m }", 60)).series)).toEqual({
      pay: 0,
      refund: 1000,
    });
  });

  it("remembers what it knew at the evaluation before, late arrivals and forgetting among it", async () => {
    const day = 24 * 60;
    await fillFunctionMinutes(db.store, [
      ...minutes(0, 3),
      ...minutes(1 - day, 2 - day, { function: "yesterday" }),
      ...minutes(1, 2, { function: "late" }).map((row) => ({ ...row, seenAt: at(4) })),
      ...minutes(3, 4, { function: "at once" }).map((row) => ({ ...row, seenAt: at(3) })),
    ]);
    const [rule] = rules("{ id: r, kind: no-data, window: 1m }");
    const known = new Known(db.store);
    const seen: string[][] = [];
    for (let n = 1; n < 6; n++) {
      const ticks = [at(n) * 1000];
      const kept = await takeSamples(db.store, [rule!], ticks, known);
      const fresh = await takeSamples(db.store, [rule!], ticks);
      const [names, expected] = [kept, fresh].map((taken) =>
        Object.keys(byFunction(taken.get(at(n) * 1000)!.get("r")!.series)).sort(),
      );
      expect(names).toEqual(expected);
      seen.push(names!);
    }
    expect(seen).toEqual([
      ["pay", "yesterday"],
      ["pay"],
      ["pay"],
      ["at once", "late", "pay"],
      ["at once", "late", "pay"],
    ]);
  });

  it("33: burns a budget by the smaller of its two windows", async () => {
    await fillFunctionMinutes(db.store, [
      ...minutes(0, 100),
      ...minutes(100, 103, { errors: 100 }),
      ...minutes(103, 120),
    ]);
    const slo = rules("{ id: s, kind: slo-burn, objective: 99.9% }");
    const told: string[] = [];
    const states = new Map(slo.map((one) => [one.rule.id, emptyState(one.rule)]));
    const ticks = Array.from({ length: 40 }, (_, n) => at(80 + n) * 1000);
    const samples = await takeSamples(db.store, slo, ticks);
    for (const tick of ticks) {
      for (const one of slo) {
        const result = step(one.rule, states.get(one.rule.id)!, samples.get(tick)!.get(one.rule.id)!, tick);
        states.set(one.rule.id, result.state);
        for (const event of result.events) {
          if (event.type === "notification") told.push(`${one.rule.id} ${event.kind}@${(tick / 1000 - T0) / 60}`);
        }
      }
    }
    expect(told.filter((one) => one.startsWith("s.fast"))).toEqual(["s.fast firing@101", "s.fast resolved@108"]);
  });

  it("runs a rule's own query, its text columns as labels", async () => {
    await fillFunctionMinutes(db.store, minutes(0, 5));
    const rule = `{ id: r, kind: query, threshold: 1, sql: "SELECT service_name AS team, sum(invocations) AS value FROM function_minutes WHERE minute >= {from:DateTime} AND minute < {to:DateTime} GROUP BY team" }`;
    expect((await goodSample(rule, 5)).series).toMatchObject([{ labels: { team: "shop" }, value: 500 }]);
  });

  it.for([
    ["SELECT 'value' AS number", "numeric column named"],
    ["SELECT value FROM nowhere", "nowhere"],
    ["SELECT sum(number) AS value FROM system.numbers", "TIMEOUT|rows|exceeded"],
  ] as const)("makes a query that cannot run the rule's error: %s", async ([sql, says]) => {
    const { error } = await sample(
      `{ id: r, kind: query, threshold: 1, maxSeconds: 0.5, maxRowsRead: 1000, sql: "${sql}" }`,
      5,
    );
    expect(error?.message).toMatch(new RegExp(says, "i"));
    expect(error?.kind).toBe("query");
  });

  it("is the same taken alone and together with others", async () => {
    await fillFunctionMinutes(db.store, [
      ...minutes(0, 40, { errors: 7 }),
      ...minutes(0, 40, { service: "batch", function: "slow" }).map((row) => ({ ...row, seenAt: row.minute + 240 })),
      { minute: at(21), seenAt: at(30), errors: 60 },
    ]);
    const all = rules(
      "{ id: a, kind: error-rate, threshold: 5% }",
      "{ id: b, kind: timeouts, threshold: 1 }",
      "{ id: c, kind: throughput-drop, threshold: 50% }",
      "{ id: d, kind: slo-burn, objective: 99% }",
    );
    const ticks = Array.from({ length: 20 }, (_, n) => at(20 + n) * 1000);
    const together = await takeSamples(db.store, all, ticks);
    const sorted = (one: Sample) => ({ ...one, series: [...one.series].sort((x, y) => x.key.localeCompare(y.key)) });
    for (const tick of [20, 29, 30, 31, 39].map((n) => at(n) * 1000)) {
      const alone = await takeSamples(db.store, all, [tick]);
      for (const { rule } of all) {
        expect(sorted(alone.get(tick)!.get(rule.id)!)).toEqual(sorted(together.get(tick)!.get(rule.id)!));
      }
    }
  });
});

describe("a scope by attributes", () => {
  it("finds them on the span, among promoted columns and in the resource", async () => {
    const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;
    await db.store.command(
      `INSERT INTO spans (trace_id, span_ids, start_time, duration_ns, kind, status_code, service_name, faas_trigger,
         attributes_string, attributes_int, resource)
       SELECT randomFixedString(16), randomFixedString(8), fromUnixTimestamp64Milli({start:Int64}), 1000000, 2, number < 3 ? 2 : 0,
         'shop', 'http', map('tenant', number < 2 ? 'a_b' : 'axb'), map('shard', number),
         '{"attributes":[{"key":"deployment.environment.name","value":{"stringValue":"' || if(number < 6, 'prod', 'test')
           || '"}}' || if(number < 5, ',{"key":"team","value":{"stringValue":"pay"}}', '') || ']}'
       FROM numbers(10)`,
      { start: minuteMs - 30_000 },
    );
    const all = [
      ["{ tenant: a_b }", 2, 2],
      ["{ shard: '7' }", 0, 1],
      ["{ deployment.environment.name: prod }", 3, 6],
      ["{ team: pay }", 3, 5],
      ["{ team: pay, tenant: axb }", 1, 3],
      ["{ team: nobody }", 0, 0],
    ] as const;
    const compiled = rules(
      ...all.map(([where], n) => `{ id: r${n}, kind: errors, threshold: 1, scope: { attributes: ${where} } }`),
    );
    const nextMs = minuteMs + 60_000;
    const samples = (await takeSamples(db.store, compiled, [nextMs])).get(nextMs)!;
    for (const [n, [where, errors, volume]] of all.entries()) {
      const { series, error } = samples.get(`r${n}`)!;
      expect(error?.message).toBeUndefined();
      expect([where, series[0]?.value ?? 0, series[0]?.volume ?? 0]).toEqual([where, errors, volume]);
    }
  });
});

describe("a scope by attributes as of an evaluation", () => {
  it("leaves out what arrived later, and shows its window when it does", async () => {
    const insert = (n: number, seenAfter: number, count: number, failed: boolean) =>
      db.store.command(
        `INSERT INTO spans (trace_id, span_ids, start_time, seen_after, duration_ns, kind, status_code, service_name, faas_trigger, attributes_string)
         SELECT randomFixedString(16), randomFixedString(8), toDateTime64({start:UInt32}, 9), {seenAfter:UInt16}, 1000000, 2,
           {status:UInt8}, 'late-shop', 'http', map('tenant', 'late')
         FROM numbers({count:UInt32})`,
        { start: at(n) + 30, seenAfter, count, status: failed ? 2 : 0 },
      );
    await insert(200, 1, 10, false);
    await insert(200, 4, 10, true);
    const rule = "{ id: r, kind: error-rate, threshold: 5%, window: 1m, scope: { attributes: { tenant: late } } }";
    const values = async (n: number) => (await goodSample(rule, n)).series.map((one) => one.value);
    expect(await values(201)).toEqual([0]);
    // The rollup says which minutes came late; that of spans which were stored for this test came now.
    await fillFunctionMinutes(db.store, [
      ...minutes(170, 201, { service: "late-shop" }),
      { minute: at(200), seenAt: at(204), service: "late-shop", invocations: 10 },
    ]);
    const late = (await goodSample(rule, 204)).late ?? [];
    expect(late.map(({ endMs, series }) => [endMs / 1000, series[0]?.value])).toEqual([[at(201), 0.5]]);
  });

  it("holds in a rule's own query, too, whatever it reads", async () => {
    for (const [seenAfter, from] of [[1, 0], [4, 10]] as const) {
      await db.store.command(
        `INSERT INTO spans (trace_id, span_ids, start_time, seen_after, duration_ns, kind, service_name)
         SELECT randomFixedString(16), randomFixedString(8), toDateTime64({start:UInt32}, 9), {seenAfter:UInt16}, number, 2, 'own'
         FROM numbers({from:UInt32}, 10)`,
        { start: at(200) + 30, seenAfter, from },
      );
      const row = { minute: at(200), seenAt: at(200 + seenAfter), service: "own", invocations: 10 };
      await fillFunctionMinutes(db.store, [row]);
    }
    for (const sql of [
      "SELECT count() AS value FROM spans AS s WHERE s.service_name = 'own' AND s.start_time >= {from:DateTime}",
      "WITH own AS (SELECT * FROM spans WHERE service_name = 'own') SELECT count() AS value FROM own",
      "SELECT count() AS value FROM numbers(30) WHERE number IN (SELECT duration_ns FROM spans WHERE service_name = 'own')",
      "SELECT sum(invocations) AS value FROM function_minutes WHERE service_name = 'own'",
      "SELECT sum(invocations) AS value FROM alert_minutes WHERE service_name = 'own'",
    ]) {
      const rule = `{ id: r, kind: query, threshold: 1, window: 10m, sql: "${sql}" }`;
      const values = await Promise.all(
        [201, 203, 204].map(async (n) => (await goodSample(rule, n)).series[0]?.value),
      );
      expect([sql, ...values]).toEqual([sql, 10, 10, 20]);
    }
  });

  it("is told from the insert's own clock, as for the rollups", async () => {
    await db.store.command("TRUNCATE TABLE function_minutes");
    await db.store.command(
      `INSERT INTO spans (trace_id, span_ids, start_time, duration_ns, kind, service_name, faas_trigger)
       SELECT randomFixedString(16), randomFixedString(8), now64(9) - toIntervalMinute(number * 7), 1000000, 2, 'clock', 'http'
       FROM numbers(3)`,
    );
    const [differing] = await db.store.query<{ rows: string }>(
      `SELECT count() AS rows FROM spans
       WHERE service_name = 'clock' AND toStartOfMinute(toDateTime(start_time)) + toIntervalMinute(seen_after)
         NOT IN (SELECT seen_at FROM function_minutes WHERE service_name = 'clock')`,
    );
    expect(Number(differing?.rows)).toBe(0);
  });
});

describe("queue rollups", () => {
  it("count the messages of single spans, links and events, with attempts, waits and dead letters", async () => {
    const start = Math.floor(Date.now() / 1000) * 1000;
    const message = (sentMs: number, count: number, source = "") =>
      `[{"key":"hopscope.message.sent_ms","value":{"intValue":"${sentMs}"}},{"key":"hopscope.message.receive_count","value":{"intValue":"${count}"}}${source === "" ? "" : `,{"key":"hopscope.dead_letter.source.name","value":{"stringValue":"${source}"}}`}]`;
    await db.store.command(
      `INSERT INTO spans (trace_id, span_ids, start_time, kind, service_name, faas_name, messaging_system, messaging_operation_type,
         messaging_destination_name, messaging_batch_message_count, message_sent_ms, message_receive_count, status_code,
         links.trace_id, links.span_id, links.trace_state, links.attributes, links.dropped_attributes_count, links.flags,
         events.time_unix_nano, events.name, events.attributes, events.dropped_attributes_count)
       SELECT toFixedString('a', 16), toFixedString('b', 8), fromUnixTimestamp64Milli({start:Int64}), 5, 'shop', 'pay', 'aws_sqs', 'process',
         tupleElement(one, 1), tupleElement(one, 2), {start:Int64} - 2000, 1, tupleElement(one, 3),
         arrayMap(x -> toFixedString('c', 16), tupleElement(one, 4)), arrayMap(x -> toFixedString('c', 8), tupleElement(one, 4)),
         arrayMap(x -> '', tupleElement(one, 4)), tupleElement(one, 4), arrayMap(x -> 0, tupleElement(one, 4)), arrayMap(x -> 0, tupleElement(one, 4)),
         arrayMap(x -> 0, tupleElement(one, 5)), arrayMap(x -> 'hopscope.message', tupleElement(one, 5)), tupleElement(one, 5), arrayMap(x -> 0, tupleElement(one, 5))
       FROM (SELECT arrayJoin([
         ('orders', toUInt32(0), toUInt8(2), emptyArrayString(), emptyArrayString()),
         ('orders', toUInt32(3), toUInt8(0), [{one:String}, {two:String}], [{three:String}]),
         ('orders-dlq', toUInt32(1), toUInt8(0), emptyArrayString(), emptyArrayString())
       ]) AS one)`,
      {
        start,
        one: message(start - 1000, 1),
        two: message(start - 4000, 3),
        three: message(start - 3000, 2, "orders"),
      },
    );
    const [rule, wait, attempts] = rules(
      "{ id: dlq, kind: dead-letters, threshold: 1 }",
      "{ id: wait, kind: queue-wait, threshold: 1s, quantile: p50, minVolume: 1 }",
      "{ id: attempts, kind: attempts, threshold: 3, groupBy: [queue, function] }",
    );
    const tick = Math.ceil(Date.now() / 60_000) * 60_000 + 60_000;
    const samples = await takeSamples(db.store, [rule!, wait!, attempts!], [tick]);
    const of = (one: CompiledRule) =>
      Object.fromEntries(
        samples
          .get(tick)!
          .get(one.rule.id)!
          .series.map(({ labels, value }) => [labels["queue"], value]),
      );
    expect(of(rule!)).toEqual({ orders: 1, "orders-dlq": 1 });
    expect(of(attempts!)).toEqual({ orders: 3, "orders-dlq": 1 });
    expect(of(wait!)).toMatchObject({ "orders-dlq": 2000 });
    const [narrowed] = rules(
      "{ id: narrowed, kind: attempts, threshold: 3, scope: { attributes: { messaging.system: aws_sqs } } }",
    );
    const narrow = (await takeSamples(db.store, [narrowed!], [tick])).get(tick)!.get("narrowed")!;
    expect(narrow.error?.message).toBeUndefined();
    expect(Object.fromEntries(narrow.series.map(({ labels, value }) => [labels["queue"], value]))).toEqual({
      orders: 3,
      "orders-dlq": 1,
    });
    expect(
      samples
        .get(tick)!
        .get("wait")!
        .series.map((one) => one.volume)
        .sort(),
    ).toEqual([1, 4]);
  });

  it("are made visible to the evaluation that comes next", async () => {
    const rows = await db.store.query<{ seconds: number }>(
      "SELECT toUInt32(toStartOfMinute(toDateTime({at:UInt32}) + 44)) - {at:UInt32} AS seconds",
      { at: 1_800_000_000 + 15 },
    );
    expect(Number(rows[0]?.seconds)).toBe(-15);
    expect(newestTickMs((1_800_000_000 + 18) * 1000)).toBe(1_800_000_000_000);
    expect(newestTickMs((1_800_000_000 + 17) * 1000)).toBe(1_800_000_000_000 - 60_000);
  });
});
