import { describe, expect, it } from "vitest";
import { deadLetteredOrder } from "../fixtures/checkout-order.ts";
import { indexed } from "../fixtures/indexed.ts";
import { axisTicks, axisX, buildAxis, cutGaps, cutLabel, flowAxis } from "./time-axis.ts";

const index = indexed(deadLetteredOrder("2026-11-21T08:30:57.000000000Z"));

describe("cutting idle time", () => {
  it("hides the waits between attempts and says how long each was and why", () => {
    const cuts = flowAxis(index, true).segments.filter((segment) => segment.cut);
    expect(cuts.map(cutLabel)).toEqual([
      "30 s until retry",
      "30 s until retry",
      "30.1 s until retry",
      "1.24 s in queue",
    ]);
  });

  it("hides nothing when switched off", () => {
    expect(flowAxis(index, false).segments).toHaveLength(1);
  });

  it.for([
    ["shorter than a second", { fromMs: 0, toMs: 900 }, 1000, 0],
    ["a small part of the flow", { fromMs: 0, toMs: 1400 }, 10_000, 0],
    ["most of the flow", { fromMs: 0, toMs: 9000 }, 10_000, 1],
  ] as const)("cuts a gap that is %s as it should", ([, gap, totalMs, cuts]) => {
    expect(cutGaps([gap], { fromMs: 0, toMs: totalMs })).toHaveLength(cuts);
  });
});

describe("the axis", () => {
  it("never runs backwards and covers the whole flow", () => {
    const axis = flowAxis(index, true);
    const xs = Array.from({ length: 500 }, (_, step) =>
      axisX(axis, axis.fromMs + ((axis.toMs - axis.fromMs) * step) / 499),
    );
    expect(xs.every((x, at) => at === 0 || x >= (xs[at - 1] ?? 0))).toBe(true);
    expect([xs[0], xs[499]]).toEqual([0, expect.closeTo(1, 9)]);
  });

  it("keeps room for what ran, however many gaps are cut", () => {
    const cuts = Array.from({ length: 40 }, (_, at) => ({
      fromMs: at * 100 + 10,
      toMs: at * 100 + 95,
      cut: "idle" as const,
    }));
    const axis = buildAxis({ fromMs: 0, toMs: 4000 }, cuts);
    const drawn = axis.segments.filter((segment) => !segment.cut).reduce((sum, part) => sum + part.toX - part.fromX, 0);
    expect(drawn).toBeGreaterThanOrEqual(0.549);
  });

  it.for([[300], [700], [1400]])("keeps its labels apart at %d px", ([widthPx = 0]) => {
    const xs = axisTicks(flowAxis(index, true), widthPx).map((tick) => tick.x * widthPx);
    expect(xs.every((x, at) => at === 0 || x - (xs[at - 1] ?? 0) >= 60)).toBe(true);
  });

  it("labels microseconds where a flow is that short", () => {
    const labels = axisTicks(buildAxis({ fromMs: 0, toMs: 0.4 }, []), 800).map((tick) => tick.label);
    expect(labels).toContain("100 µs");
  });
});
