import { describe, expect, it } from "vitest";
import { chartShape, CHART_HEIGHT, CHART_WIDTH } from "./chart-shape.ts";

const point = (value: number | null, firing = 0) => ({ at: "2026-11-21T10:00:00.000Z", value, firing });

describe("the preview's drawing", () => {
  it("leaves a gap where there was no value", () => {
    const shape = chartShape({ points: [point(1), point(null), point(1), point(0)], threshold: 2 });
    expect(shape?.path.match(/M/g)).toHaveLength(2);
  });

  it("keeps the threshold in sight when the metric stays far below it", () => {
    const shape = chartShape({ points: [point(0.01), point(0.02)], threshold: 1 });
    expect(shape?.thresholdY).toBeGreaterThan(0);
    expect(shape?.thresholdY).toBeLessThan(CHART_HEIGHT);
  });

  it("joins minutes that would have fired into one band", () => {
    const shape = chartShape({ points: [point(0), point(3, 1), point(3, 1), point(0), point(3, 2)], threshold: 2 });
    expect(shape?.bands.map(({ x, width }) => [x, width])).toEqual([
      [CHART_WIDTH / 4, CHART_WIDTH / 2],
      [CHART_WIDTH, CHART_WIDTH / 4],
    ]);
  });

  it("draws nothing without values", () => {
    expect(chartShape({ points: [point(null), point(null)], threshold: 1 })).toBeUndefined();
  });
});
