/**
 * Spans of one trace and one id. Most often they are one span, sent twice; else a caller and its callee that share an
 * id, as Zipkin's tracers have it, or the work of a generator of ids that began again with the same numbers.
 */
import type { Span } from "../../schema/flow.ts";
import { bySpanId, compare, endMs } from "./span-order.ts";

/** The spans that the records tell of: senders first, then by what they are; of each the record that ended last. */
export function distinctSpans(records: readonly Span[]): Span[] {
  const spans: Span[][] = [];
  for (const record of records) {
    const same = spans.filter((known) => known.some((other) => isSame(record, other)));
    for (const known of same) spans.splice(spans.indexOf(known), 1);
    spans.push([record, ...same.flat()]);
  }
  const latest = spans.map((known) => known.reduce(laterOf));
  return latest.sort((a, b) => Number(isSender(b)) - Number(isSender(a)) || bySpanId(a, b) || byContent(a, b));
}

/**
 * What was sent again has its start, though its name may have changed; where its clock was wild, its start is when it
 * came, and the rest is the same.
 */
function isSame(a: Span, b: Span): boolean {
  if (a.kind !== b.kind || a.service !== b.service) return false;
  if (a.startTime === b.startTime) return true;
  return a.name === b.name && a.durationMs === b.durationMs && a.parentSpanId === b.parentSpanId;
}

function laterOf(a: Span, b: Span): Span {
  const difference = endMs(a) - endMs(b);
  if (difference !== 0) return difference > 0 ? a : b;
  return byContent(a, b) >= 0 ? a : b;
}

function byContent(a: Span, b: Span): number {
  return compare(JSON.stringify(a), JSON.stringify(b));
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

/** Which of several spans of the parent's id it is: one of the same service, a callee, the last to begin before it. */
export function parentAmong(twins: readonly Span[], span: Span): Span | undefined {
  const rank = (twin: Span) =>
    (twin.service === span.service ? 4 : 0) + (isSender(twin) ? 0 : 2) + (twin.startTime <= span.startTime ? 1 : 0);
  let found: Span | undefined;
  for (const twin of twins) {
    if (twin === span) continue;
    const difference = found ? rank(twin) - rank(found) || compare(twin.startTime, found.startTime) : 1;
    if (difference > 0) found = twin;
  }
  return found;
}
