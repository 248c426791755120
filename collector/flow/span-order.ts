/** The orders in which spans are told: total, so that they are the same whatever the order of arrival was. */
import type { Span } from "../../schema/flow.ts";
import { toMs } from "./instant.ts";

/** By start, then by ids. */
export function byStart(a: Span, b: Span): number {
  return compare(a.startTime, b.startTime) || bySpanId(a, b);
}

/** By ids; what has the same ones by what it is. */
export function bySpanId(a: Span, b: Span): number {
  return compare(a.spanId, b.spanId) || compare(a.traceId, b.traceId) || compare(whatIs(a), whatIs(b));
}

function whatIs({ kind, service, name }: Span): string {
  return [kind, service, name].join("\n");
}

/** -1, 0 or 1 by code unit: what ids and instants need, and no locale. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** When the span ended, milliseconds since the epoch. */
export function endMs(span: Span): number {
  return toMs(span.startTime) + span.durationMs;
}

/** How many of the items, which are in order, come before the first that the condition is not true of. */
export function countUntil<Item>(ordered: readonly Item[], isBefore: (item: Item) => boolean): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(ordered[middle] as Item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
