/** Samplers, and what is still counted where a trace is not kept. */
import protobuf from "protobufjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { Counters } from "./counters.ts";
import { newTraceId } from "./ids.ts";
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
  interface Decoded {
    resourceMetrics: { scopeMetrics: { metrics: { name: string; sum: { dataPoints: { asInt: string }[] } }[] }[] }[];
  }

  it("are counted by what became of them", () => {
    const counters = new Counters();
    counters.add("http", "ok", true);
    counters.add("http", "error", false);
    counters.add("http", "timeout", false);
    const type = protobuf.parse(proto).root.lookupType("Request");
    const decoded = type.toObject(type.decode(counters.take({})), { longs: String }) as unknown as Decoded;
    const metrics = decoded.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
    expect(metrics.map(({ name, sum }) => [name, sum.dataPoints[0]?.asInt])).toEqual([
      ["faas.invocations", "3"],
      ["faas.errors", "2"],
      ["faas.timeouts", "1"],
      ["faas.coldstarts", "1"],
    ]);
    expect(counters.pending).toBe(false);
  });
});
