/** Where a flow begins: up from the units of the asked trace to what nothing caused. */
import { causesAbove, circlesAmong, headOf, uncausedHeads } from "./circles.ts";
import type { Graph } from "./join.ts";
import { byEntry, type Unit } from "./unit.ts";

/** The units that caused the trace's units and were caused by nothing. */
export function originsOfTrace(graph: Graph, traceId: string): Unit[] {
  const roots = firstRuns(rootsOf(graph, graph.unitsOfTrace.get(traceId) ?? [], traceId));
  return originsOf(graph, roots);
}

/** The units that nothing in the trace caused; of those that cause one another, one. */
function rootsOf(graph: Graph, own: readonly Unit[], traceId: string): Unit[] {
  const causesOf = (unit: Unit) => causesIn(graph, unit, traceId);
  const roots = own.filter((unit) => causesOf(unit).length === 0);
  const reached = new Set(roots);
  // The set grows while it is walked.
  for (const unit of reached) {
    for (const { to } of graph.effects.get(unit) ?? []) if (to.entry.traceId === traceId) reached.add(to);
    for (const part of unit.parts) if (part.entry.traceId === traceId) reached.add(part);
  }
  const left = own.filter((unit) => !reached.has(unit));
  return left.length === 0 ? roots : [...roots, ...uncausedHeads(circlesAmong(left, causesOf), causesOf)];
}

/** What caused it in the trace: a record's part whose invocation began the trace is no root of its own. */
function causesIn(graph: Graph, unit: Unit, traceId: string): Unit[] {
  const causes = graph.causes.get(unit)?.map(({ from }) => from) ?? [];
  if (unit.host) causes.push(unit.host);
  return causes.filter(({ entry }) => entry.traceId === traceId);
}

/** Runs again for a message that another has taken in this trace are attempts: the first is where it began. */
function firstRuns(units: readonly Unit[]): Unit[] {
  const taken = new Set<string>();
  return [...units].sort(byEntry).filter(({ takes }) => {
    const keys = takes.flatMap((take) => take.keys);
    const isAgain = takes.length === 1 && keys.some((key) => taken.has(key));
    for (const key of keys) taken.add(key);
    return !isAgain;
  });
}

/**
 * Walks up to where nothing is known to have caused anything. Where several messages of one invocation come from
 * several origins, the invocation itself is where a flow that began below it starts: none of them caused it alone.
 */
function originsOf(graph: Graph, starts: readonly Unit[]): Unit[] {
  const known = new Map<Unit, ReadonlySet<Unit>>();
  const causesOf = (unit: Unit) =>
    [unit, ...unit.parts].flatMap((each) => graph.causes.get(each) ?? []).map(({ from }) => from);
  for (const group of circlesAmong(starts, causesOf)) {
    const origins = new Set(causesAbove(group, causesOf).flatMap((cause) => [...(known.get(cause) ?? [])]));
    const own = origins.size === 1 ? origins : new Set([headOf(group)]);
    for (const unit of group) known.set(unit, own);
  }
  return [...new Set(starts.flatMap((start) => [...(known.get(start) ?? [start])]))];
}
