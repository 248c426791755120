/**
 * Spans of one trace and one id. Most often they are one span, sent twice; else a caller and its callee that share an
 * id, as Zipkin's tracers have it, or the work of a generator of ids that began again with the same numbers.
 */
import type { Span } from "../../schema/flow.ts";
import { addTo, groupedBy } from "./grouped.ts";
import { bySpanId, compare, countUntil, endMs } from "./span-order.ts";

/** The spans that the records tell of: senders first, then by what they are; of each the record that ended last. */
export function distinctSpans(records: readonly Span[]): Span[] {
  const byWhole = wholeOrder();
  const latest = recordsOfSpans(records).map((same) => same.reduce((a, b) => laterOf(a, b, byWhole)));
  return latest.sort((a, b) => Number(isSender(b)) - Number(isSender(a)) || bySpanId(a, b) || byWhole(a, b));
}

/** The records of each span: those that share a sign of it, and those that share one with these. */
function recordsOfSpans(records: readonly Span[]): Span[][] {
  const bySign = new Map<string, Span[]>();
  for (const record of records) for (const sign of signsOf(record)) addTo(bySign, sign, record);
  const seen = new Set<Span>();
  const spans: Span[][] = [];
  for (const record of records) {
    if (seen.has(record)) continue;
    seen.add(record);
    const same = [record];
    // The list grows while it is walked; whom a sign leads to is asked once.
    for (const one of same) {
      for (const sign of signsOf(one)) {
        for (const other of bySign.get(sign) ?? []) {
          if (!seen.has(other)) same.push(other);
          seen.add(other);
        }
        bySign.delete(sign);
      }
    }
    spans.push(same);
  }
  return spans;
}

/**
 * What was sent again has its start, though its name may have changed; where its clock was wild, its start is when it
 * came, and the rest is the same.
 */
function signsOf({ kind, service, startTime, name, durationMs, parentSpanId = "" }: Span): string[] {
  return [[startTime], [name, durationMs, parentSpanId]].map((sign) => JSON.stringify([kind, service, ...sign]));
}

function laterOf(a: Span, b: Span, byWhole: (a: Span, b: Span) => number): Span {
  const difference = endMs(a) - endMs(b);
  if (difference !== 0) return difference > 0 ? a : b;
  return byWhole(a, b) >= 0 ? a : b;
}

/** By all that is in them; what is compared again and again is written once. */
function wholeOrder(): (a: Span, b: Span) => number {
  const texts = new Map<Span, string>();
  const textOf = (span: Span) => {
    const known = texts.get(span);
    const text = known ?? JSON.stringify(span);
    if (known === undefined) texts.set(span, text);
    return text;
  };
  return (a, b) => compare(textOf(a), textOf(b));
}

function isSender({ kind }: Span): boolean {
  return kind === "client" || kind === "producer";
}

/** Who called a span that has its caller's id. */
export function callerAmong(twins: readonly Span[], span: Span): Span | undefined {
  const isCalled = span.kind === "server" || span.kind === "consumer";
  if (!isCalled) return undefined;
  return twins.find((twin) => twin !== span && isSender(twin));
}

/** Finds which of several spans of its parent's id is a span's parent. */
export type FindParent = (span: Span) => Span | undefined;

/** One of the same service, a callee, the last to begin before it: the first that is true of any of them. */
export function parentAmong(twins: readonly Span[]): FindParent {
  // At one instant the first of them is the last here, and so the one that is found.
  const ordered = twins.toReversed().sort((a, b) => compare(a.startTime, b.startTime));
  const callees = ordered.filter((twin) => !isSender(twin));
  const senders = ordered.filter(isSender);
  const [calleesOf, sendersOf] = [callees, senders].map((list) => groupedBy(list, ({ service }) => service));
  return (span) => {
    const lists = [calleesOf?.get(span.service), sendersOf?.get(span.service), callees, senders];
    for (const list of lists) {
      const found = list && lastBefore(list, span);
      if (found) return found;
    }
    return undefined;
  };
}

/** The last that began no later than the span, else the last of all; never the span itself. */
function lastBefore(ordered: readonly Span[], span: Span): Span | undefined {
  const last = (end: number) => (ordered[end - 1] === span ? ordered[end - 2] : ordered[end - 1]);
  const until = countUntil(ordered, ({ startTime }) => startTime <= span.startTime);
  return last(until) ?? last(ordered.length);
}
