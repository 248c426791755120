/** Ids of the nodes that show units. */
import type { Span } from "../../schema/flow.ts";
import type { Selection } from "./select.ts";
import { compare } from "./span-order.ts";
import type { Unit } from "./unit.ts";

/**
 * `inv:<span id>` of each unit of the flow. Ids of spans are unique within a trace at most: where several units have
 * one, all but the first, by their traces, have a number behind it.
 */
export function nodeIds({ units, shells }: Pick<Selection, "units" | "shells">): Map<Unit, string> {
  const shown = [...units, ...shells];
  const ids = new Map(shown.map((unit) => [unit, `inv:${unit.id}`]));
  if (new Set(ids.values()).size === ids.size) return ids;
  shown.sort((a, b) => compare(unitKey(a), unitKey(b)));
  const counts = new Map<string, number>();
  for (const unit of shown) {
    const id = `inv:${unit.id}`;
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    if (count > 1) ids.set(unit, `${id}~${String(count)}`);
  }
  return ids;
}

/** Tells a unit from all others, also once its clock is corrected. */
export function unitKey({ id, entry }: Unit): string {
  return [entry.traceId, id, entry.kind, entry.service, entry.name].join("\n");
}

/** Ids that several spans of a flow have, and where all its spans stand among those of the answer. */
export interface RepeatedIds {
  readonly ids: ReadonlySet<string>;
  readonly positions: ReadonlyMap<Span, number>;
}

/** Nothing where every span has an id of its own. */
export function repeatedIds(spans: readonly Span[]): RepeatedIds | undefined {
  const seen = new Set<string>();
  const ids = new Set<string>();
  for (const { spanId } of spans) {
    if (seen.has(spanId)) ids.add(spanId);
    else seen.add(spanId);
  }
  return ids.size === 0 ? undefined : { ids, positions: new Map(spans.map((span, at) => [span, at])) };
}
