import { describe, expect, it } from "vitest";
import { chartShape, CHART_HEIGHT, CHART_WIDTH } from "./chart-shape.ts";

const point = (value: number | null, firing = 0) => ({ at: "2026-11-21T10:00:00.000Z", value, firing });
const at = (value: number) => ({ ruleId: "r", value, text: `above ${value}` });

describe("the preview's drawing", () => {
  it("leaves a gap where there was no value", () => {
    const shape = chartShape({ points: [point(1), point(null), point(1), point(0)], thresholds: [at(2)] });
    expect(shape?.path.match(/M/g)).toHaveLength(2);
  });

  it("shows a lone minute as a dot", () => {
    const shape = chartShape({ points: [point(null), point(1), point(null), point(1)], thresholds: [at(2)] });
    expect(shape?.path.match(/h0/g)).toHaveLength(2);
  });

  it("keeps the threshold in sight when the metric stays far below it", () => {
    const shape = chartShape({ points: [point(0.01), point(0.02)], thresholds: [at(1)] });
    expect(shape?.thresholds[0]?.y).toBeGreaterThan(0);
    expect(shape?.thresholds[0]?.y).toBeLessThan(CHART_HEIGHT);
  });

  it("joins minutes that would have fired into one band", () => {
    const shape = chartShape({
      points: [point(0), point(3, 1), point(3, 1), point(0), point(3, 2)],
      thresholds: [at(2)],
    });
    expect(shape?.bands.map(({ x, width }) => [x, width])).toEqual([
      [CHART_WIDTH / 8, CHART_WIDTH / 2],
      [(CHART_WIDTH * 7) / 8, CHART_WIDTH / 8],
    ]);
  });

  it("draws nothing without values", () => {
    expect(chartShape({ points: [point(null), point(null)], thresholds: [at(1)] })).toBeUndefined();
  });

  it("keeps the lowest of several thresholds in sight, and the others where the metric comes near them", () => {
    const shape = chartShape({ points: [point(2), point(3)], thresholds: [at(14.4), at(1)] });
    expect(shape?.thresholds.map(({ value }) => value)).toEqual([1]);
  });
});
