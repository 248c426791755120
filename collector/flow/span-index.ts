/** Spans by id, each once, in an order that does not depend on how they arrived. */
import type { Span } from "../../schema/flow.ts";
import { toMs } from "./instant.ts";

/** Each span once, to be walked in order or found by its ids. */
export interface SpanIndex {
  /** By start, then id. */
  readonly spans: readonly Span[];
  find(traceId: string, spanId: string): Span | undefined;
  parentOf(span: Span): Span | undefined;
}

/** Indexes the spans; of two with the same ids, the one that ended later stays. */
export function indexSpans(input: readonly Span[]): SpanIndex {
  const traces = new Map<string, Map<string, Span>>();
  for (const span of input) {
    let byId = traces.get(span.traceId);
    if (byId === undefined) traces.set(span.traceId, (byId = new Map<string, Span>()));
    const other = byId.get(span.spanId);
    byId.set(span.spanId, other === undefined || other === span ? span : laterOf(other, span));
  }
  const spans = [...traces.values()].flatMap((byId) => [...byId.values()]).sort(byStart);
  const find = (traceId: string, spanId: string) => traces.get(traceId)?.get(spanId);
  // Each is asked for in most steps.
  const parents = new Map<Span, Span>();
  for (const span of spans) {
    const parent = span.parentSpanId === undefined ? undefined : find(span.traceId, span.parentSpanId);
    if (parent) parents.set(span, parent);
  }
  return { spans, find, parentOf: (span) => parents.get(span) };
}

/** By start, then by ids: total, so that sorting is the same for any order of arrival. */
export function byStart(a: Span, b: Span): number {
  return compare(a.startTime, b.startTime) || compare(a.traceId, b.traceId) || compare(a.spanId, b.spanId);
}

/** -1, 0 or 1 by code unit: what ids and instants need, and no locale. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function laterOf(a: Span, b: Span): Span {
  const difference = endMs(a) - endMs(b);
  if (difference !== 0) return difference > 0 ? a : b;
  return JSON.stringify(a) >= JSON.stringify(b) ? a : b;
}

/** When the span ended, milliseconds since the epoch. */
export function endMs(span: Span): number {
  return toMs(span.startTime) + span.durationMs;
}
