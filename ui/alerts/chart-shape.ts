/** The preview's drawing, as pure numbers. */
import type { AlertPreview } from "@hopscope/schema/alert-api";

/** The drawing's own units. */
export const CHART_WIDTH = 640;
export const CHART_HEIGHT = 140;

/**
 * What is drawn of a preview: x from 0 to {@link CHART_WIDTH}, y from the top to {@link CHART_HEIGHT} at the bottom.
 */
export interface ChartShape {
  /** SVG path of the metric; a minute without a value is a gap. */
  readonly path: string;
  readonly thresholds: readonly { readonly y: number; readonly value: number; readonly text: string }[];
  /** When it would have fired. */
  readonly bands: readonly { readonly x: number; readonly width: number }[];
  /** The top of the scale, in the metric's own unit. */
  readonly top: number;
}

/** Returns how to draw a preview, or undefined where there is nothing to draw. */
export function chartShape({
  points,
  thresholds,
}: Pick<AlertPreview, "points" | "thresholds">): ChartShape | undefined {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (points.length < 2 || values.length === 0) return undefined;
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  // Of several thresholds the lowest is always in sight; the others are where the metric comes near.
  const lowest = Math.min(...thresholds.map(({ value }) => value));
  const top = Math.max(lowest, highest) * 1.1 || 1;
  const x = (index: number): number => (index / (points.length - 1)) * CHART_WIDTH;
  const y = (value: number): number => CHART_HEIGHT - (Math.max(0, value) / top) * CHART_HEIGHT;
  let path = "";
  let isDown = false;
  for (const [index, { value }] of points.entries()) {
    // A minute between two gaps is a dot: a line of no length, which its round ends make visible.
    const dot = isDown || (points[index + 1]?.value ?? null) !== null ? "" : "h0";
    if (value !== null) path += `${isDown ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}${dot}`;
    isDown = value !== null;
  }
  const step = CHART_WIDTH / (points.length - 1);
  const bands: { x: number; width: number }[] = [];
  for (const [index, { firing }] of points.entries()) {
    if (firing === 0) continue;
    const last = bands.at(-1);
    const from = Math.max(0, x(index) - step / 2);
    const width = Math.min(CHART_WIDTH, x(index) + step / 2) - from;
    if (last !== undefined && index > 0 && (points[index - 1]?.firing ?? 0) > 0) last.width += width;
    else bands.push({ x: from, width });
  }
  const seen = thresholds.filter(({ value }) => value <= top);
  return { path, thresholds: seen.map(({ value, text }) => ({ y: y(value), value, text })), bands, top };
}
