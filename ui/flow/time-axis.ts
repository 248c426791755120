import { formatDuration } from "../shared/format.ts";
import { isCode, nodeExtent, type FlowIndex } from "./flow-index.ts";

/** A gap is cut where it hides more than this share of what would be drawn ... */
const CUT_SHARE = 0.15;
/** ... and is longer than a reader would want to watch. */
const CUT_MIN_MS = 1000;
/** Width of a cut, as a share of the axis: wide enough for its label at 1,000 px. */
const CUT_WIDTH = 0.08;
/** All cuts together take at most this share, however many there are. */
const CUTS_WIDTH_MAX = 0.45;
/** Labels nearer than this run into each other. */
const TICK_DISTANCE_PX = 84;

/** What a cut hides. */
export type CutReason = "queue" | "retry" | "idle";

/** A stretch of the axis: drawn to scale, or cut. `x` runs from 0 to 1 over the whole axis. */
export interface AxisSegment {
  fromMs: number;
  toMs: number;
  fromX: number;
  toX: number;
  cut?: CutReason;
}

/** A piecewise linear time axis. */
export interface TimeAxis {
  fromMs: number;
  toMs: number;
  segments: AxisSegment[];
}

interface Interval {
  fromMs: number;
  toMs: number;
}

/** Returns the stretches of a flow in which no code runs and nothing starts up, longest first. */
function idleGaps(index: FlowIndex): Interval[] {
  const busy: Interval[] = [];
  for (const node of index.flow.nodes) {
    if (!isCode(node)) continue;
    const { fromMs, toMs } = nodeExtent(index.flow, node);
    busy.push({ fromMs: fromMs - (node.initMs ?? 0), toMs });
  }
  busy.sort((a, b) => a.fromMs - b.fromMs);
  const gaps: Interval[] = [];
  let untilMs = index.window.fromMs;
  for (const { fromMs, toMs } of [...busy, { fromMs: index.window.toMs, toMs: index.window.toMs }]) {
    if (fromMs > untilMs) gaps.push({ fromMs: untilMs, toMs: fromMs });
    untilMs = Math.max(untilMs, toMs);
  }
  return splitAtSending(index, gaps).sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
}

/** A message sent amid a gap ends one wait and begins another: two gaps, each with its own reason. */
function splitAtSending(index: FlowIndex, gaps: Interval[]): Interval[] {
  const sent = [...index.deliveriesFrom.values()].flat().flatMap(({ waited }) => (waited ? [waited.fromMs] : []));
  return gaps.flatMap((gap) => {
    const inside = sent.filter((atMs) => atMs > gap.fromMs && atMs < gap.toMs).sort((a, b) => a - b);
    const edges = [gap.fromMs, ...new Set(inside), gap.toMs];
    return edges.slice(1).map((toMs, at) => ({ fromMs: edges[at] ?? gap.fromMs, toMs }));
  });
}

/** Returns the gaps that are worth cutting: each hides more than it tells, judged after the longer ones are cut. */
export function cutGaps(gaps: Interval[], window: Interval): Interval[] {
  const cuts: Interval[] = [];
  let drawnMs = window.toMs - window.fromMs;
  for (const gap of gaps) {
    const lengthMs = gap.toMs - gap.fromMs;
    if (lengthMs <= CUT_MIN_MS || lengthMs <= CUT_SHARE * drawnMs) break;
    cuts.push(gap);
    drawnMs -= lengthMs;
  }
  return cuts.sort((a, b) => a.fromMs - b.fromMs);
}

/** Returns the axis of a flow; with `cutIdle` false, or nothing to cut, it is linear. */
export function flowAxis(index: FlowIndex, cutIdle: boolean, window: Interval = index.window): TimeAxis {
  if (!cutIdle) return buildAxis(window, []);
  const within = idleGaps(index)
    .map((gap) => ({ fromMs: Math.max(gap.fromMs, window.fromMs), toMs: Math.min(gap.toMs, window.toMs) }))
    .filter((gap) => gap.toMs > gap.fromMs);
  const cuts = cutGaps(within, window).map((gap) => ({ ...gap, cut: cutReason(index, gap) }));
  return buildAxis(window, cuts);
}

/** Returns the axis over `window` with the given stretches, in order, cut. */
export function buildAxis(window: Interval, cuts: (Interval & { cut: CutReason })[]): TimeAxis {
  const cutWidth = Math.min(CUT_WIDTH, CUTS_WIDTH_MAX / Math.max(1, cuts.length));
  const hiddenMs = cuts.reduce((sum, cut) => sum + cut.toMs - cut.fromMs, 0);
  const drawnMs = Math.max(window.toMs - window.fromMs - hiddenMs, 1e-6);
  const scale = (1 - cutWidth * cuts.length) / drawnMs;
  const segments: AxisSegment[] = [];
  let atMs = window.fromMs;
  let atX = 0;
  const add = (toMs: number, width: number, cut?: CutReason): void => {
    segments.push({ fromMs: atMs, toMs, fromX: atX, toX: atX + width, ...(cut ? { cut } : {}) });
    atMs = toMs;
    atX += width;
  };
  for (const cut of cuts) {
    if (cut.fromMs > atMs) add(cut.fromMs, (cut.fromMs - atMs) * scale);
    add(cut.toMs, cutWidth, cut.cut);
  }
  if (window.toMs > atMs) add(window.toMs, (window.toMs - atMs) * scale);
  return { ...window, segments };
}

/** Returns where an instant of flow time lies on the axis, 0 to 1; beyond the ends, the end. */
export function axisX(axis: TimeAxis, atMs: number): number {
  if (atMs <= axis.fromMs) return 0;
  for (const { fromMs, toMs, fromX, toX } of axis.segments) {
    if (atMs <= toMs) return fromX + ((atMs - fromMs) / (toMs - fromMs)) * (toX - fromX);
  }
  return 1;
}

/** Returns what a cut says: `29.4 s until retry`. */
export function cutLabel(segment: AxisSegment): string {
  const words = { queue: "in queue", retry: "until retry", idle: "idle" };
  return `${formatDuration(segment.toMs - segment.fromMs)} ${words[segment.cut ?? "idle"]}`;
}

/** A labelled instant of the axis. */
export interface Tick {
  x: number;
  label: string;
}

/** Returns round instants of the stretches drawn to scale, as many as fit `widthPx`. */
export function axisTicks(axis: TimeAxis, widthPx: number): Tick[] {
  const ticks: Tick[] = [];
  let lastPx = -Infinity;
  for (const segment of axis.segments) {
    if (segment.cut) {
      lastPx = segment.toX * widthPx - TICK_DISTANCE_PX / 2;
      continue;
    }
    const spanPx = (segment.toX - segment.fromX) * widthPx;
    const stepMs = roundStep(((segment.toMs - segment.fromMs) * TICK_DISTANCE_PX) / Math.max(spanPx, 1));
    const firstMs = Math.ceil((segment.fromMs - axis.fromMs) / stepMs) * stepMs;
    const lastMs = segment.toMs - axis.fromMs;
    for (let sinceMs = firstMs; sinceMs <= lastMs; sinceMs += stepMs) {
      const x = axisX(axis, axis.fromMs + sinceMs);
      const roomy = x * widthPx - lastPx >= TICK_DISTANCE_PX * 0.75 && (1 - x) * widthPx > TICK_DISTANCE_PX * 0.6;
      if (!roomy || segment.toX * widthPx - x * widthPx < TICK_DISTANCE_PX * 0.6) continue;
      lastPx = x * widthPx;
      ticks.push({ x, label: formatDuration(sinceMs) });
    }
  }
  return ticks;
}

const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5];

function roundStep(leastMs: number): number {
  const step = STEPS_MS.find((candidate) => candidate >= leastMs);
  if (step !== undefined && leastMs >= 0.5) return step;
  const power = 10 ** Math.floor(Math.log10(leastMs));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= leastMs) ?? leastMs;
}

function cutReason(index: FlowIndex, gap: Interval): CutReason {
  const overlapMs = (wait: Interval | undefined): number =>
    wait ? Math.min(wait.toMs, gap.toMs) - Math.max(wait.fromMs, gap.fromMs) : 0;
  const halfMs = (gap.toMs - gap.fromMs) / 2;
  const waits = [...index.deliveriesFrom.values()].flat();
  if (waits.some(({ attempt, waited }) => attempt === 1 && overlapMs(waited) > halfMs)) return "queue";
  const isRetry = waits.some(({ waited }) => overlapMs(waited) > halfMs);
  const isMove = index.flow.hops.some((hop) => hop.kind === "dead-letter");
  return isRetry || isMove ? "retry" : "idle";
}
