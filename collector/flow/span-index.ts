/** Spans by id, each once, in an order that does not depend on how they arrived. */
import type { Span } from "../../schema/flow.ts";
import { callerAmong, distinctSpans, parentAmong, type FindParent } from "./same-id.ts";
import { byStart } from "./span-order.ts";

/** Each span once, to be walked in order or found by its ids. */
export interface SpanIndex {
  /** By start, then id. */
  readonly spans: readonly Span[];
  find(traceId: string, spanId: string): Span | undefined;
  parentOf(span: Span): Span | undefined;
}

/** Indexes the spans; of two records of one span, the one that ended later stays. */
export function indexSpans(input: readonly Span[]): SpanIndex {
  const traces = new Map<string, Map<string, Span>>();
  /** All that came under ids that came more than once. */
  const repeated = new Map<string, Span[]>();
  for (const span of input) {
    let byId = traces.get(span.traceId);
    if (byId === undefined) traces.set(span.traceId, (byId = new Map<string, Span>()));
    const other = byId.get(span.spanId);
    byId.set(span.spanId, other ?? span);
    if (other === undefined || other === span) continue;
    const ids = span.traceId + span.spanId;
    const records = repeated.get(ids);
    if (records) records.push(span);
    else repeated.set(ids, [other, span]);
  }
  const twins = new Map<string, readonly Span[]>();
  for (const [ids, records] of repeated) {
    const [first, ...others] = distinctSpans(records);
    if (first === undefined) continue;
    traces.get(first.traceId)?.set(first.spanId, first);
    if (others.length > 0) twins.set(ids, [first, ...others]);
  }
  const spans = [...traces.values()].flatMap((byId) => [...byId.values()]);
  for (const [, ...others] of twins.values()) for (const other of others) spans.push(other);
  spans.sort(byStart);
  const find = (traceId: string, spanId: string) => traces.get(traceId)?.get(spanId);
  // Each is asked for in most steps.
  const parents = new Map<Span, Span>();
  const parentFinders = new Map<string, FindParent>();
  for (const span of spans) {
    const parent = parentIn({ find, twins, parentFinders }, span);
    if (parent) parents.set(span, parent);
  }
  return { spans, find, parentOf: (span) => parents.get(span) };
}

interface ById extends Pick<SpanIndex, "find"> {
  readonly twins: ReadonlyMap<string, readonly Span[]>;
  /** Of the ids among these that were asked for. */
  readonly parentFinders: Map<string, FindParent>;
}

function parentIn({ find, twins, parentFinders }: ById, span: Span): Span | undefined {
  const { traceId, spanId, parentSpanId } = span;
  const caller = twins.size > 0 && callerAmong(twins.get(traceId + spanId) ?? [], span);
  if (caller) return caller;
  if (parentSpanId === undefined) return undefined;
  const ids = traceId + parentSpanId;
  const several = twins.size === 0 ? undefined : twins.get(ids);
  if (several === undefined) return find(traceId, parentSpanId);
  const findParent = parentFinders.get(ids) ?? parentAmong(several);
  parentFinders.set(ids, findParent);
  return findParent(span);
}
