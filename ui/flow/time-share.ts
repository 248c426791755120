import { isCode, nodeExtent, type FlowIndex } from "./flow-index.ts";
import { retryWaits } from "./waits.ts";

/** What a flow was doing at an instant; where several hold, the first of this order counts. */
export const TIME_CLASSES = ["run", "init", "queue", "retry", "gap"] as const;
/** Code running; a cold start; a message in a queue; a message waiting for its next attempt; none of these. */
export type TimeClass = (typeof TIME_CLASSES)[number];

/** How long a flow spent in each class; the sum is the flow's whole duration, because classes never overlap. */
export type TimeShares = Record<TimeClass, number>;

/** Divides the flow's duration, from its first to its last instant, among the classes. */
export function timeShares(index: FlowIndex): TimeShares {
  const marks = boundaries(index).sort((a, b) => a.atMs - b.atMs);
  const open: Record<TimeClass, number> = { run: 0, init: 0, queue: 0, retry: 0, gap: 1 };
  const shares: TimeShares = { run: 0, init: 0, queue: 0, retry: 0, gap: 0 };
  let atMs = index.window.fromMs;
  for (const mark of marks) {
    const untilMs = Math.min(Math.max(mark.atMs, atMs), index.window.toMs);
    shares[TIME_CLASSES.find((name) => open[name] > 0) ?? "gap"] += untilMs - atMs;
    atMs = untilMs;
    open[mark.name] += mark.change;
  }
  shares.gap += Math.max(0, index.window.toMs - atMs);
  return shares;
}

interface Boundary {
  atMs: number;
  name: TimeClass;
  change: 1 | -1;
}

function boundaries(index: FlowIndex): Boundary[] {
  const marks: Boundary[] = [];
  const add = (name: TimeClass, fromMs: number, toMs: number): void => {
    if (toMs > fromMs) marks.push({ atMs: fromMs, name, change: 1 }, { atMs: toMs, name, change: -1 });
  };
  for (const node of index.flow.nodes) {
    if (!isCode(node)) continue;
    const { fromMs, toMs } = nodeExtent(index.flow, node);
    add("run", fromMs, toMs);
    if (node.initMs !== undefined) add("init", fromMs - node.initMs, fromMs);
  }
  for (const deliveries of index.deliveriesFrom.values()) {
    for (const { attempt, waited } of deliveries) {
      if (waited) add(attempt > 1 ? "retry" : "queue", waited.fromMs, waited.toMs);
    }
  }
  for (const wait of retryWaits(index)) add("retry", wait.fromMs, wait.toMs);
  return marks;
}
