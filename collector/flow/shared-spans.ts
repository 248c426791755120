/** Spans of an invocation of whose records some have nodes of their own. */
import type { Span } from "../../schema/flow.ts";
import { SHARED_SPAN_IDS_MAX } from "./limits.ts";
import type { Selection } from "./select.ts";
import type { Unit } from "./unit.ts";

/** The first of each such invocation's records that are in the flow. */
export function firstParts({ units, shells }: Selection): Map<Unit, Unit> {
  const first = new Map<Unit, Unit>();
  for (const unit of units) if (unit.host && shells.has(unit.host) && !first.has(unit.host)) first.set(unit.host, unit);
  return first;
}

/**
 * What the node of a record shows beside its own spans: those of the invocation that took the batch. Where nodes would
 * name too many, the first record's alone has them: no span is hidden.
 */
export function sharedSpans(selection: Selection): (part: Unit) => readonly Span[] {
  const first = firstParts(selection);
  if (first.size === 0) return () => [];
  let count = 0;
  for (const { host } of selection.units) if (host && first.has(host)) count += host.spans.length;
  return (part) => {
    const { host } = part;
    if (!host || !first.has(host)) return [];
    return count <= SHARED_SPAN_IDS_MAX || first.get(host) === part ? host.spans : [];
  };
}
