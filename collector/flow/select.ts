/**
 * Which units belong to a flow: from the units of the asked trace up to their origins, then down over everything that
 * these caused. Never the connected component: what a batch took from other flows is not followed.
 */
import { compare } from "./span-index.ts";
import type { Edge, Graph } from "./join.ts";
import type { Take } from "./take.ts";
import { isOrphan, type Unit } from "./unit.ts";

/** What belongs to one flow. */
export interface Selection {
  readonly origins: readonly Unit[];
  /** In the order of their start. */
  readonly units: ReadonlySet<Unit>;
  /** Batch invocations of which only some records' parts are in the flow: their own spans are shared. */
  readonly shells: ReadonlySet<Unit>;
  /** The messages of the flow that each unit took. */
  readonly takes: ReadonlyMap<Unit, readonly Take[]>;
  readonly edges: readonly Edge[];
}

/** Selects the flow that the trace belongs to. */
export function selectFlow(graph: Graph, traceId: string): Selection {
  const origins = originsOfTrace(graph, traceId);
  return collect(graph, origins, traceId);
}

/** The units that caused the trace's units and were caused by nothing. */
function originsOfTrace(graph: Graph, traceId: string): Unit[] {
  const own = graph.units.filter((unit) => unit.entry.traceId === traceId);
  const roots = firstRuns(own.filter((unit) => !hasCauseIn(graph, unit, traceId)));
  const origins = new Set<Unit>();
  for (const root of roots.length > 0 ? roots : own.slice(0, 1)) {
    for (const origin of originsOf(graph, root)) origins.add(origin);
  }
  return [...origins];
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

/** A record's part whose invocation began the trace is no root of its own. */
function hasCauseIn(graph: Graph, unit: Unit, traceId: string): boolean {
  if (unit.host?.entry.traceId === traceId) return true;
  return graph.causes.get(unit)?.some(({ from }) => from.entry.traceId === traceId) ?? false;
}

/**
 * Walks up to where nothing is known to have caused anything. Where several messages of one invocation come from
 * several origins, the invocation itself is where a flow that began below it starts: none of them caused it alone.
 */
function originsOf(graph: Graph, start: Unit): Set<Unit> {
  const known = new Map<Unit, Set<Unit>>();
  const stack: { unit: Unit; isDone: boolean }[] = [{ unit: start, isDone: false }];
  const open = new Set<Unit>();
  while (stack.length > 0) {
    const { unit, isDone } = stack.pop() as { unit: Unit; isDone: boolean };
    const above = [unit, ...unit.parts].flatMap((each) => graph.causes.get(each) ?? []).map(({ from }) => from);
    if (isDone) {
      open.delete(unit);
      const origins = new Set(above.flatMap((cause) => [...(known.get(cause) ?? [])]));
      known.set(unit, origins.size === 0 || origins.size > 1 ? new Set([unit]) : origins);
      continue;
    }
    if (known.has(unit) || open.has(unit)) continue;
    open.add(unit);
    stack.push({ unit, isDone: true });
    for (const cause of above) if (!known.has(cause) && !open.has(cause)) stack.push({ unit: cause, isDone: false });
  }
  return known.get(start) ?? new Set([start]);
}

/** Mutable while it is collected. */
interface Collected {
  readonly units: Set<Unit>;
  readonly shells: Set<Unit>;
  readonly takes: Map<Unit, Set<Take>>;
  readonly edges: Set<Edge>;
  readonly seenKeys: Set<string>;
  readonly queue: Unit[];
}

function collect(graph: Graph, origins: readonly Unit[], askedTraceId: string): Selection {
  const found: Collected = {
    units: new Set(),
    shells: new Set(),
    takes: new Map(),
    edges: new Set(),
    seenKeys: new Set(),
    queue: [],
  };
  const strays = straysByTrace(graph);
  for (const origin of origins) {
    for (const take of origin.takes) addTake(graph, found, { unit: origin, take });
    include(found, origin);
    for (const part of origin.parts) addPart(graph, found, part);
    if (origin.parts.length > 0 && origin.takes.length === 0) found.shells.add(origin);
  }
  includeStrays(graph, found, strays.get(askedTraceId));
  // The queue grows while it is walked.
  for (const unit of found.queue) {
    followDown(graph, found, unit);
    if (unit.entry.parentSpanId === undefined) includeStrays(graph, found, strays.get(unit.entry.traceId));
  }
  const units = [...found.units].filter((unit) => !found.shells.has(unit)).sort(byEntry);
  const takes = new Map(units.map((unit) => [unit, [...(found.takes.get(unit) ?? [])]]));
  return { origins, units: new Set(units), shells: found.shells, takes, edges: [...found.edges] };
}

/**
 * The traces from which the same flow comes out: nothing in them, and nothing that led to them, is of another flow too.
 * None where the flow has several origins.
 */
export function tracesOfSameFlow({ units, effects }: Graph, selection: Selection): Set<string> {
  if (selection.origins.length !== 1) return new Set();
  const isOwn = (unit: Unit) =>
    selection.units.has(unit) &&
    unit.host === undefined &&
    unit.parts.length === 0 &&
    unit.takes.length === (selection.takes.get(unit)?.length ?? 0);
  const shared = new Set(units.filter((unit) => !isOwn(unit)));
  // The set grows while it is walked.
  for (const unit of shared) for (const { to } of effects.get(unit) ?? []) shared.add(to);
  const traceIds = new Set(units.map(({ entry }) => entry.traceId));
  for (const { entry } of shared) traceIds.delete(entry.traceId);
  return traceIds;
}

/**
 * The traces of what caused the trace's units, where something caused each of them: then no flow begins in it, whatever
 * else will be known. Else none. By a body alone nothing is sure: it may turn out to be one that many have.
 */
export function causesOfWhole({ units, causes }: Graph, traceId: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const unit of units) {
    if (unit.entry.traceId !== traceId) continue;
    const edge = causes.get(unit)?.find(({ joinedBy }) => joinedBy !== "content");
    if (edge === undefined) return new Set();
    found.add(edge.from.entry.traceId);
  }
  return found;
}

/** By the entry's start, then id. */
export function byEntry(a: Unit, b: Unit): number {
  return compare(a.entry.startTime, b.entry.startTime) || compare(a.entry.spanId, b.entry.spanId);
}

function include(found: Collected, unit: Unit): void {
  found.shells.delete(unit);
  if (found.units.has(unit)) return;
  found.units.add(unit);
  found.queue.push(unit);
}

function followDown(graph: Graph, found: Collected, unit: Unit): void {
  for (const edge of graph.effects.get(unit) ?? []) {
    found.edges.add(edge);
    if (edge.take) addTake(graph, found, { unit: edge.to, take: edge.take });
    include(found, edge.to);
  }
  if (unit.host && !found.units.has(unit.host)) {
    include(found, unit.host);
    found.shells.add(unit.host);
  }
}

/** The message, and whoever else took the same one: another attempt, a dead-letter queue's reader. */
function addTake(graph: Graph, found: Collected, { unit, take }: { unit: Unit; take: Take }): void {
  const takes = found.takes.get(unit) ?? new Set();
  found.takes.set(unit, takes);
  takes.add(take);
  for (const key of take.keys) {
    if (found.seenKeys.has(key)) continue;
    found.seenKeys.add(key);
    for (const other of graph.takersOfKey.get(key) ?? []) {
      if (other === unit) continue;
      const same = other.takes.find(({ keys }) => keys.includes(key));
      if (same) addTake(graph, found, { unit: other, take: same });
      include(found, other);
    }
  }
}

/** A part of the invocation that the flow begins with. */
function addPart(graph: Graph, found: Collected, part: Unit): void {
  for (const take of part.takes) addTake(graph, found, { unit: part, take });
  include(found, part);
}

/** Units whose parent is missing and that nothing else explains, by trace. */
function straysByTrace(graph: Graph): Map<string, Unit[]> {
  const strays = new Map<string, Unit[]>();
  for (const unit of graph.units) {
    if (graph.causes.has(unit) || !isOrphan(unit, graph.index)) continue;
    const list = strays.get(unit.entry.traceId);
    if (list) list.push(unit);
    else strays.set(unit.entry.traceId, [unit]);
  }
  return strays;
}

function includeStrays(graph: Graph, found: Collected, strays: readonly Unit[] | undefined): void {
  for (const stray of strays ?? []) {
    for (const take of stray.takes) addTake(graph, found, { unit: stray, take });
    include(found, stray);
  }
}
