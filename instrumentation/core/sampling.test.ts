/** Samplers, and what is still counted where a trace is not kept. */
import protobuf from "protobufjs";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { syncClock } from "./clock.ts";
import { readConfig } from "./config.ts";
import { CounterPipeline, Counters } from "./counters.ts";
import { newTraceId } from "./ids.ts";
import type { PostResult } from "./post.ts";
import { makeSampler } from "./sampler.ts";

const kept = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
const dropped = { ...kept, traceFlags: 0 };

describe("a sampler", () => {
  it.for([
    ["parentbased_always_on", kept, true],
    ["parentbased_always_on", dropped, false],
    ["parentbased_always_on", undefined, true],
    ["parentbased_always_off", kept, true],
    ["parentbased_always_off", undefined, false],
    ["parentbased_traceidratio", kept, true],
    ["parentbased_traceidratio", dropped, false],
    ["parentbased_traceidratio", undefined, false],
    ["always_on", dropped, true],
    ["always_off", kept, false],
    ["traceidratio", kept, false],
  ] as const)("%s with the parent %j keeps: %j", ([name, parent, expected]) => {
    expect(makeSampler(name, 0)("c".repeat(32), parent)).toBe(expected);
  });

  it("keeps about its ratio, and the same traces in every service", () => {
    const ids = Array.from({ length: 4_000 }, newTraceId);
    fc.assert(
      fc.property(fc.constantFrom(0, 0.1, 0.5, 0.9, 1), (ratio) => {
        const [here, there] = [makeSampler("traceidratio", ratio), makeSampler("parentbased_traceidratio", ratio)];
        const chosen = ids.filter((id) => here(id, undefined));
        expect(Math.abs(chosen.length / ids.length - ratio)).toBeLessThan(0.05);
        expect(ids.filter((id) => there(id, undefined))).toEqual(chosen);
      }),
    );
  });

  it.for([
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" }, "traceidratio", 0.25],
    [{ OTEL_TRACES_SAMPLER: "sometimes", OTEL_TRACES_SAMPLER_ARG: "2" }, "parentbased_always_on", 1],
    [{}, "parentbased_always_on", 1],
  ] as const)("%j is read", ([env, sampler, samplerRatio]) => {
    expect(readConfig(env)).toMatchObject({ sampler, samplerRatio });
  });
});

describe("invocations of traces that are not kept", () => {
  const proto = `syntax = "proto3";
    message Request { repeated ResourceMetrics resource_metrics = 1; }
    message ResourceMetrics { repeated ScopeMetrics scope_metrics = 2; }
    message ScopeMetrics { repeated Metric metrics = 2; }
    message Metric { string name = 1; string unit = 3; Sum sum = 7; }
    message Sum { repeated Point data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
    message Point { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; sfixed64 as_int = 6; }`;
  interface Point {
    readonly startTimeUnixNano: string;
    readonly timeUnixNano: string;
    readonly asInt: string;
  }
  interface Decoded {
    resourceMetrics: { scopeMetrics: { metrics: { name: string; sum: { dataPoints: Point[] } }[] }[] }[];
  }
  const type = protobuf.parse(proto).root.lookupType("Request");
  const metricsIn = (body: Buffer) => {
    const decoded = type.toObject(type.decode(body), { longs: String }) as unknown as Decoded;
    return decoded.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  };
  const invocationsIn = (body: Buffer) => metricsIn(body)[0]?.sum.dataPoints.map(({ asInt }) => asInt);

  function pipelineTo(...answers: PostResult[]) {
    const bodies: Buffer[] = [];
    const post = async (body: Buffer): Promise<PostResult> => {
      bodies.push(Buffer.from(body));
      return answers[bodies.length - 1] ?? { kind: "accepted" };
    };
    return { bodies, pipeline: new CounterPipeline({ load: async () => undefined, post }, () => ({})) };
  }

  it("are counted by what became of them", () => {
    const counters = new Counters();
    counters.add("http", "ok", true);
    counters.add("http", "error", false);
    counters.add("http", "timeout", false);
    const metrics = metricsIn(counters.take({}));
    expect(metrics.map(({ name, sum }) => [name, sum.dataPoints[0]?.asInt])).toEqual([
      ["faas.invocations", "3"],
      ["faas.errors", "2"],
      ["faas.timeouts", "1"],
      ["faas.coldstarts", "1"],
    ]);
    expect(counters.pending).toBe(false);
  });

  it("keep the minutes in which they ended, in intervals that follow one another", () => {
    const firstMs = Date.parse("2027-01-01T12:00:58Z");
    vi.useFakeTimers({ toFake: ["Date"], now: firstMs });
    syncClock();
    const counters = new Counters();
    counters.take({});
    for (const afterMs of [0, 1_000, 3_000, 200_000]) {
      vi.setSystemTime(firstMs + afterMs);
      syncClock();
      counters.add("http", "ok", false);
    }
    const [points, later] = [counters.take({}), counters.take({})].map((body) => metricsIn(body)[0]?.sum.dataPoints);
    vi.useRealTimers();
    syncClock();
    expect(points?.map(({ asInt }) => asInt)).toEqual(["2", "1", "1"]);
    const minuteOf = (ns: string) => new Date(Number(ns) / 1e6).toISOString().slice(11, 16);
    expect(points?.map(({ timeUnixNano }) => minuteOf(timeUnixNano))).toEqual(["12:00", "12:01", "12:04"]);
    for (const [at, { startTimeUnixNano, timeUnixNano }] of points?.entries() ?? []) {
      expect(BigInt(startTimeUnixNano)).toBeLessThanOrEqual(BigInt(timeUnixNano));
      expect(BigInt(startTimeUnixNano)).toBeGreaterThan(BigInt(points?.[at - 1]?.timeUnixNano ?? 0));
    }
    expect(later).toBeUndefined();
  });

  it("are all counted after two days without a collector, in no more memory than a day's", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const counters = new Counters();
    const minutes = 2 * 24 * 60;
    for (let minute = 0; minute < minutes; minute++) {
      vi.setSystemTime(Date.parse("2027-01-01") + minute * 60_000);
      syncClock();
      counters.add("timer", "ok", false);
    }
    const counts = invocationsIn(counters.take({})) ?? [];
    vi.useRealTimers();
    syncClock();
    expect(counts).toHaveLength(24 * 60);
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(minutes);
  });

  it("are sent again, byte for byte, where the collector cannot take them now", async () => {
    const { bodies, pipeline } = pipelineTo({ kind: "retry", afterMs: 0, reason: "HTTP 503" });
    pipeline.add("http", "error", true);
    await pipeline.flush(500);
    pipeline.add("http", "ok", false);
    pipeline.add("http", "ok", false);
    await pipeline.flush(500);
    expect(bodies).toHaveLength(1);
    await pipeline.flushInBackground();
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies.map(invocationsIn)).toEqual([["1"], ["1"], ["2"]]);
    expect(pipeline.pending).toBe(0);
  });

  it.for([
    [404, 1],
    [401, 2],
  ] as const)("after an answer of %s, the collector is asked %s times", async ([status, times]) => {
    const { bodies, pipeline } = pipelineTo({ kind: "refused", reason: `HTTP ${String(status)}`, status });
    pipeline.add("http", "ok", false);
    await pipeline.flush(500);
    pipeline.add("http", "ok", false);
    vi.spyOn(process, "uptime").mockReturnValue(process.uptime() + 3_600);
    await pipeline.flushInBackground();
    vi.restoreAllMocks();
    expect(bodies).toHaveLength(times);
    expect(pipeline.pending).toBe(0);
  });
});
