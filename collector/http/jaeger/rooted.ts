/**
 * Jaeger's clients take the first reference of a span whose id is in the trace for its parent, in whichever trace that
 * reference lies, and draw what roots lead to: spans that lead to one another in a circle would be on no page.
 */
import type { JaegerReference, JaegerSpan } from "./jaeger-trace.ts";

/** The spans, where circles are cut: what is left out of the references is said in a warning of its span. */
export function rooted(spans: readonly JaegerSpan[]): readonly JaegerSpan[] {
  const cut = spans.map((each) => ({ each, leftOut: new Set<JaegerReference>() }));
  const byId = new Map<string, Cut>();
  for (const span of cut) if (!byId.has(span.each.spanID)) byId.set(span.each.spanID, span);
  const done = new Set<Cut>();
  for (const start of cut) {
    const path: Cut[] = [];
    const placeOf = new Map<Cut, number>();
    for (let at: Cut | undefined = start; at && !done.has(at); ) {
      const place = placeOf.get(at);
      if (place === undefined) {
        placeOf.set(at, path.push(at) - 1);
        at = parentOf(at, byId);
        continue;
      }
      at = cutCircle(path.slice(place), byId);
      for (const passed of path.splice(placeOf.get(at) ?? place)) placeOf.delete(passed);
    }
    for (const span of path) done.add(span);
  }
  return cut.map(({ each, leftOut }) => (leftOut.size === 0 ? each : without(each, leftOut)));
}

/** A span, and its references that lead in a circle. */
interface Cut {
  readonly each: JaegerSpan;
  readonly leftOut: Set<JaegerReference>;
}

function parentReference({ each, leftOut }: Cut, byId: ReadonlyMap<string, Cut>): JaegerReference | undefined {
  return each.references.find((reference) => !leftOut.has(reference) && byId.has(reference.spanID));
}

function parentOf(span: Cut, byId: ReadonlyMap<string, Cut>): Cut | undefined {
  return byId.get(parentReference(span, byId)?.spanID ?? "");
}

/** Cuts it at a link where there is one, of several at the span that began first; returns that span. */
function cutCircle(circle: readonly Cut[], byId: ReadonlyMap<string, Cut>): Cut {
  const rank = (span: Cut) => (parentReference(span, byId)?.refType === "CHILD_OF" ? 1 : 0);
  const chosen = circle.reduce((first, span) => {
    const difference = rank(span) - rank(first) || span.each.startTime - first.each.startTime;
    return difference < 0 ? span : first;
  });
  const reference = parentReference(chosen, byId);
  if (reference) chosen.leftOut.add(reference);
  return chosen;
}

function without(span: JaegerSpan, leftOut: ReadonlySet<JaegerReference>): JaegerSpan {
  const said = [...leftOut].map(({ refType, traceID, spanID }) => {
    return `${refType} ${spanID} of trace ${traceID} is left out: it leads back to this span, and nothing of it would be shown.`;
  });
  const references = span.references.filter((reference) => !leftOut.has(reference));
  return { ...span, references, warnings: [...(span.warnings ?? []), ...said] };
}
