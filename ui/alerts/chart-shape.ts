/** The preview's drawing, as pure numbers. */
import type { AlertPreview } from "@hopscope/schema/alert-api";

/** The drawing's own units. */
export const CHART_WIDTH = 640;
export const CHART_HEIGHT = 140;

export interface ChartShape {
  /** SVG path of the metric; a minute without a value is a gap. */
  readonly path: string;
  readonly thresholdY: number;
  /** When it would have fired. */
  readonly bands: readonly { readonly x: number; readonly width: number }[];
  /** The top of the scale, in the metric's own unit. */
  readonly top: number;
}

/** Returns how to draw a preview, or undefined where there is nothing to draw. */
export function chartShape({
  points,
  threshold,
}: Pick<AlertPreview, "points" | "threshold">): ChartShape | undefined {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (points.length < 2 || values.length === 0) return undefined;
  const top = Math.max(threshold, ...downTo(values)) * 1.1 || 1;
  const x = (index: number): number => (index / (points.length - 1)) * CHART_WIDTH;
  const y = (value: number): number => CHART_HEIGHT - (value / top) * CHART_HEIGHT;
  let path = "";
  let isDown = false;
  for (const [index, { value }] of points.entries()) {
    if (value !== null) path += `${isDown ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = value !== null;
  }
  const step = CHART_WIDTH / (points.length - 1);
  const bands: { x: number; width: number }[] = [];
  for (const [index, { firing }] of points.entries()) {
    if (firing === 0) continue;
    const last = bands.at(-1);
    if (last !== undefined && index > 0 && (points[index - 1]?.firing ?? 0) > 0) last.width += step;
    else bands.push({ x: x(index), width: step });
  }
  return { path, thresholdY: y(threshold), bands, top };
}

/** Largest of each stretch: a spread of ten thousand arguments would be too many. */
function downTo(values: readonly number[]): number[] {
  return [values.reduce((most, value) => Math.max(most, value), 0)];
}
