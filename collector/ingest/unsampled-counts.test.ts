/** Counts of what was not sampled: in OTLP's encodings, checked, stored once, and added to what spans say. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeOtlp, type OtlpJson } from "../../test/support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { functionTotals } from "../store/queries/functions.ts";
import { StoreError, type Store } from "../store/store.ts";
import type { OtlpError } from "./errors.ts";
import type { OtlpEncoding } from "./received.ts";
import { UnsampledIntake } from "./unsampled-counts.ts";

const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000 + 30_000;
const MINUTE_MS = 60_000;

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const intake = (store: Store = db.store) => new UnsampledIntake({ store, retentionDays: 30, now: () => NOW_MS });

interface PointInput {
  readonly value?: unknown;
  readonly atMs?: number;
  readonly sampled?: boolean;
  readonly trigger?: string;
}

function point({ value = "1", atMs = NOW_MS, sampled = false, trigger = "http" }: PointInput = {}): OtlpJson {
  return {
    startTimeUnixNano: String(BigInt(atMs - 5) * 1_000_000n),
    timeUnixNano: String(BigInt(atMs) * 1_000_000n),
    asInt: value,
    attributes: [
      { key: "faas.trigger", value: { stringValue: trigger } },
      { key: "hopscope.sampled", value: { boolValue: sampled } },
    ],
  };
}

function metric(name: string, dataPoints: OtlpJson[] = [point()], aggregationTemporality = 1): OtlpJson {
  return { name, sum: { dataPoints, aggregationTemporality, isMonotonic: true } };
}

function requestOf(faas: string, metrics: OtlpJson[], scope = "hopscope"): OtlpJson {
  const attributes = [
    { key: "service.name", value: { stringValue: "shop" } },
    { key: "faas.name", value: { stringValue: faas } },
    { key: "faas.max_memory", value: { intValue: "1" } },
  ];
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope: { name: scope }, metrics }] }] };
}

function bodyOf(request: OtlpJson, encoding: OtlpEncoding): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify(request));
  return encodeOtlp("ExportMetricsServiceRequest", request);
}

/** Every metric of one invocation each, but for the first. */
const everyMetric = (invocations: string) => [
  metric("faas.invocations", [point({ value: invocations }), point({ value: "2", trigger: "timer" })]),
  metric("faas.errors"),
  metric("faas.timeouts", [point({ value: "0" })]),
  metric("faas.coldstarts"),
];

async function totalsOf(faas: string) {
  const [from, to] = [NOW_MS - 86_400_000, NOW_MS + 86_400_000].map((ms) => new Date(ms).toISOString());
  const functions = await functionTotals(db.store, { from: from ?? "", to: to ?? "" });
  return functions.find(({ name }) => name === faas);
}

describe("what the wrapper counted", () => {
  it.for(["protobuf", "json"] as const)("is in the totals of its function, from %s", async (encoding) => {
    const faas = `counted-${encoding}`;
    const answer = await intake().receive(bodyOf(requestOf(faas, everyMetric("40")), encoding), encoding);
    expect(answer).toEqual({ accepted: 5, rejected: 0, rejectMessage: "" });
    expect(await totalsOf(faas)).toMatchObject({
      service: "shop",
      invocations: 42,
      errors: 1,
      timeouts: 0,
      coldStarts: 1,
      durationMs: { p50: 0, p95: 0, p99: 0 },
      initMs: null,
    });
  });

  it("counts once however often it is sent, at once or later, to whichever collector", async () => {
    const body = bodyOf(requestOf("repeated", everyMetric("1")), "protobuf");
    const [here, there] = [intake(), intake()];
    await Promise.all([here.receive(body, "protobuf"), here.receive(body, "protobuf")]);
    await here.receive(body, "protobuf");
    await there.receive(body, "protobuf");
    expect(await totalsOf("repeated")).toMatchObject({ invocations: 3, errors: 1 });
  });

  it("counts every one of many requests that say the same of different moments", async () => {
    const one = intake();
    const requests = Array.from({ length: 200 }, (_, at) =>
      one.receive(
        bodyOf(requestOf("many", [metric("faas.invocations", [point({ atMs: NOW_MS - at })])]), "protobuf"),
        "protobuf",
      ),
    );
    await Promise.all(requests);
    expect(await totalsOf("many")).toMatchObject({ invocations: 200 });
  });

  it("is where alerts look, and says from when on they can see it", async () => {
    await intake().receive(bodyOf(requestOf("alerted", everyMetric("7")), "json"), "json");
    const rows = await db.store.query(
      `SELECT sum(invocations) AS count, min(seen_at >= minute) AS visible, toUInt32(any(minute)) AS at
       FROM alert_minutes WHERE faas_name = 'alerted' AND step_s = 60`,
    );
    expect(rows).toEqual([{ count: "9", visible: 1, at: (NOW_MS - 30_000) / 1000 }]);
  });

  it("counts in the minute that it is of, or that it arrives in where its clock is wild", async () => {
    const times = [NOW_MS - 3 * MINUTE_MS, NOW_MS - 400 * 86_400_000, NOW_MS + 400 * 86_400_000, NOW_MS];
    const points = times.map((atMs) => point({ atMs }));
    await intake().receive(bodyOf(requestOf("clocks", [metric("faas.invocations", points)]), "json"), "json");
    const rows = await db.store.query(
      `SELECT toUInt32(minute) AS minute, sum(invocations) AS count FROM function_minutes WHERE faas_name = 'clocks' AND step_s = 60
       GROUP BY minute ORDER BY minute`,
    );
    const thisMinute = (NOW_MS - 30_000) / 1000;
    expect(rows).toEqual([
      { minute: thisMinute - 180, count: "1" },
      { minute: thisMinute, count: "3" },
    ]);
  });
});

describe("what is not taken", () => {
  it.for([
    ["another metric of the wrapper's scope", metric("faas.mem_usage"), /faas.mem_usage is not taken/],
    ["a cumulative sum", metric("faas.errors", [point()], 2), /delta/],
    ["a gauge", { name: "faas.errors", gauge: { dataPoints: [point()] } }, /delta/],
    ["a negative count", metric("faas.errors", [point({ value: "-1" })]), /whole number/],
    ["a count that no process has", metric("faas.errors", [point({ value: "9007199254740993" })]), /whole number/],
    ["what was sampled", metric("faas.errors", [point({ sampled: true })]), /counted by its spans/],
  ] as const)("%s is rejected, and its neighbours are taken", async ([what, wrong, reason]) => {
    for (const encoding of ["protobuf", "json"] as const) {
      const faas = `${what}-${encoding}`;
      const body = bodyOf(requestOf(faas, [wrong, metric("faas.invocations")]), encoding);
      const answer = await intake().receive(body, encoding);
      expect(answer).toMatchObject({ accepted: 1, rejected: 1 });
      expect(answer?.rejectMessage).toMatch(reason);
      expect(await totalsOf(faas)).toMatchObject({ invocations: 1, errors: 0 });
    }
  });

  it.for(["protobuf", "json"] as const)("foreign metrics beside ours are rejected, in %s", async (encoding) => {
    const faas = `mixed-${encoding}`;
    const ours = requestOf(faas, [metric("faas.invocations")])["resourceMetrics"] as OtlpJson[];
    const foreign = requestOf(faas, [metric("cpu", [point(), point()])], "other")["resourceMetrics"] as OtlpJson[];
    const body = bodyOf({ resourceMetrics: [...foreign, ...ours] }, encoding);
    const answer = await intake().receive(body, encoding);
    expect(answer).toEqual({ accepted: 1, rejected: 2, rejectMessage: "only metrics of the scope hopscope are taken" });
    const alone = bodyOf({ resourceMetrics: foreign }, encoding);
    expect(await intake().receive(alone, encoding)).toBeUndefined();
  });

  it.for<[string, Buffer, OtlpEncoding]>([
    ["protobuf that breaks off", bodyOf(requestOf("f", [metric("faas.errors")]), "protobuf").subarray(0, -3), "protobuf"],
    ["no JSON", Buffer.from("{"), "json"],
    ["JSON that is no UTF-8", Buffer.from([0x22, 0xff, 0x22]), "json"],
    ["a list where an object belongs", Buffer.from('{"resourceMetrics":[[]]}'), "json"],
    ["null for an object", Buffer.from('{"resourceMetrics":7}'), "json"],
  ])("%s is malformed", async ([, body, encoding]) => {
    await expect(intake().receive(body, encoding)).rejects.toMatchObject({ httpStatus: 400 });
  });

  it("nothing of what anyone may send is answered by more than a refusal", async () => {
    const valid = bodyOf(requestOf("fuzzed", everyMetric("1")), "protobuf");
    const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
      const body = Buffer.from(valid);
      body[at] = byte;
      return body;
    });
    const none: Store = { ...db.store, query: () => Promise.resolve([]), command: () => Promise.resolve() };
    const one = intake(none);
    const encoding = fc.constantFrom<OtlpEncoding>("protobuf", "json");
    const any = fc.oneof(mutated, fc.uint8Array({ maxLength: 200 }), fc.json().map((json) => Buffer.from(json)));
    await fc.assert(
      fc.asyncProperty(any, encoding, async (body, as) => {
        await one.receive(body, as).catch((error: OtlpError) => {
          expect(error.httpStatus).toBe(400);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("while the store is away", () => {
  it("asks to come again, and counts what comes again once", async () => {
    let isAway = true;
    const failing: Store = {
      ...db.store,
      async command(sql, params) {
        await db.store.command(sql, params);
        // Stored, but the answer was lost.
        if (isAway) throw new StoreError("ClickHouse did not answer", { retryable: true });
      },
    };
    const one = intake(failing);
    const body = bodyOf(requestOf("away", everyMetric("1")), "protobuf");
    await expect(one.receive(body, "protobuf")).rejects.toMatchObject({ httpStatus: 503, retryAfterS: 2 });
    isAway = false;
    await one.receive(body, "protobuf");
    expect(await totalsOf("away")).toMatchObject({ invocations: 3 });
  });
});
