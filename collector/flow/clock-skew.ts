/**
 * Clocks of several hosts: what began before its cause did so by a clock that is off. Such a process is moved, with all
 * that it caused, by the least that makes sense; how far is said on its node.
 */
import type { Span } from "../../schema/flow.ts";
import { fromMs, toMs } from "./instant.ts";
import type { Edge, Graph } from "./join.ts";
import type { Selection } from "./select.ts";
import { endMs } from "./span-order.ts";
import type { Unit } from "./unit.ts";

/** Below it a difference is rounding, milliseconds. */
const SKEW_MIN_MS = 0.001;

/** How often all of a flow may be walked again as skews are raised: clocks that contradict one another end here. */
const RAISES_MAX = 4;

/** By how many milliseconds the clock of each unit has to be moved; units that are right are not in the answer. */
export function clockSkews(graph: Graph, { origins, units, shells, edges }: Selection): Map<Unit, number> {
  const skews = new Map<Unit, number>();
  const seen = new Set<Unit>(origins);
  const queue = [...origins];
  let stepsLeft = RAISES_MAX * (units.size + edges.length);
  // The queue grows while it is walked.
  for (const unit of queue) {
    for (const edge of graph.effects.get(unit) ?? []) {
      const isKnown = seen.has(edge.to);
      if (!isKnown && !(units.has(edge.to) || shells.has(edge.to))) continue;
      const skewMs = skewOf(edge, skews.get(unit) ?? 0);
      // What took several messages did so after the last of them was sent.
      const isRaised = isKnown && edge.take !== undefined && skewMs > (skews.get(edge.to) ?? 0) + SKEW_MIN_MS;
      if (isKnown && !(isRaised && stepsLeft > 0)) continue;
      if (isKnown) stepsLeft -= 1 + (graph.effects.get(edge.to)?.length ?? 0);
      seen.add(edge.to);
      queue.push(edge.to);
      if (Math.abs(skewMs) >= SKEW_MIN_MS) skews.set(edge.to, skewMs);
    }
  }
  for (const shell of shells) {
    const part = shell.parts.find((candidate) => skews.has(candidate));
    if (part && !skews.has(shell)) skews.set(shell, skews.get(part) ?? 0);
  }
  return skews;
}

/** What is waited for lies within the call; a message is not taken before it was sent. */
function skewOf({ fromSpan, take, to }: Edge, causeSkewMs: number): number {
  const causeStartMs = toMs(fromSpan.startTime) + causeSkewMs;
  // What polls may have begun long before.
  const startMs = toMs((take?.span ?? to.entry).startTime);
  if (take !== undefined || fromSpan.kind !== "client") return Math.max(0, causeStartMs - startMs);
  const causeEndMs = endMs(fromSpan) + causeSkewMs;
  if (startMs >= causeStartMs && endMs(to.entry) <= causeEndMs) return 0;
  const spareMs = fromSpan.durationMs - to.entry.durationMs;
  // A caller that gave up first says nothing of its callee's end.
  if (spareMs < 0) return startMs >= causeStartMs && startMs <= causeEndMs ? 0 : causeStartMs - startMs;
  return causeStartMs + spareMs / 2 - startMs;
}

/** The spans with those of the units moved. */
export function correctClocks(spans: readonly Span[], skews: ReadonlyMap<Unit, number>): Span[] {
  const skewOfSpan = new Map<Span, number>();
  for (const [unit, skewMs] of skews) for (const span of unit.spans) skewOfSpan.set(span, skewMs);
  return spans.map((span) => {
    const skewMs = skewOfSpan.get(span);
    return skewMs === undefined ? span : moved(span, skewMs);
  });
}

function moved(span: Span, skewMs: number): Span {
  const move = (instant: string) => fromMs(toMs(instant) + skewMs);
  const events = span.events.map((event) => ({ ...event, time: move(event.time) }));
  return { ...span, startTime: move(span.startTime), events };
}
