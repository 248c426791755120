/**
 * Which units belong to a flow: from the units of the asked trace up to their origins, then down over everything that
 * these caused. Never the connected component: what a batch took from other flows is not followed.
 */
import { circlesAmong, uncausedHeads, type Place } from "./circles.ts";
import type { Edge, Graph } from "./join.ts";
import { originsOfTrace } from "./origins.ts";
import type { Take } from "./take.ts";
import { byEntry, type Unit } from "./unit.ts";

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
  /** Units whose parent is among what they caused: the flow, or a part of it, begins with them all the same. */
  readonly circular: readonly Unit[];
}

/** Selects the flow that the trace belongs to. */
export function selectFlow(graph: Graph, traceId: string): Selection {
  const origins = originsOfTrace(graph, traceId);
  return collect(graph, origins, traceId);
}

/** Mutable while it is collected. */
interface Collected {
  readonly units: Set<Unit>;
  readonly shells: Set<Unit>;
  readonly takes: Map<Unit, Set<Take>>;
  readonly edges: Set<Edge>;
  readonly seenKeys: Set<string>;
  readonly queue: Unit[];
  /** Of units that only cause one another, those that they begin with. */
  readonly heads: Unit[];
}

function collect(graph: Graph, origins: readonly Unit[], askedTraceId: string): Selection {
  const found: Collected = {
    units: new Set(),
    shells: new Set(),
    takes: new Map(),
    edges: new Set(),
    seenKeys: new Set(),
    queue: [],
    heads: [],
  };
  for (const origin of origins) {
    for (const take of origin.takes) addTake(graph, found, { unit: origin, take });
    include(found, origin);
    for (const part of origin.parts) addPart(graph, found, part);
    if (origin.parts.length > 0 && origin.takes.length === 0) found.shells.add(origin);
  }
  includeStrays(graph, found, graph.straysOfTrace.get(askedTraceId));
  followQueue(graph, found, askedTraceId);
  const units = [...found.units].filter((unit) => !found.shells.has(unit)).sort(byEntry);
  const takes = new Map(units.map((unit) => [unit, [...(found.takes.get(unit) ?? [])]]));
  const circular = [...origins, ...found.heads].filter(({ entry }) => {
    const parent = graph.index.parentOf(entry);
    const from = parent && graph.unitOf.get(parent);
    return from !== undefined && found.units.has(from);
  });
  return { origins, units: new Set(units), shells: found.shells, takes, edges: [...found.edges], circular };
}

function followQueue(graph: Graph, found: Collected, askedTraceId: string): void {
  /** Traces of which the flow has a root. */
  const rooted = new Set([askedTraceId]);
  const circles: CircularHeads = { graph, found, unseen: [askedTraceId], places: new Map() };
  // The queue grows while it is walked.
  for (const unit of found.queue) {
    followDown(graph, found, unit);
    const { traceId, parentSpanId } = unit.entry;
    if (parentSpanId === undefined && !rooted.has(traceId)) {
      rooted.add(traceId);
      circles.unseen.push(traceId);
      includeStrays(graph, found, graph.straysOfTrace.get(traceId));
    }
    if (unit !== found.queue.at(-1)) continue;
    const heads = circularHeads(circles);
    for (const head of heads) found.heads.push(head);
    includeStrays(graph, found, heads);
  }
}

interface CircularHeads {
  readonly graph: Graph;
  readonly found: Collected;
  /** Traces with a root that were not looked at. */
  readonly unseen: string[];
  /** Of the units that were. */
  readonly places: Map<Unit, Place>;
}

/** Units of these traces that only cause one another, as nothing else leads to them. */
function circularHeads({ graph, found, unseen, places }: CircularHeads): Unit[] {
  const traceIds = unseen.splice(0);
  const own = traceIds.flatMap((traceId) => graph.unitsOfTrace.get(traceId) ?? []);
  const left = own.filter((unit) => !found.units.has(unit));
  if (left.length === 0) return [];
  const causesOf = (unit: Unit) => graph.causes.get(unit)?.map(({ from }) => from) ?? [];
  const circles = circlesAmong(left, causesOf, places).filter(({ length }) => length > 1);
  return uncausedHeads(circles, causesOf).filter((unit) => !found.units.has(unit));
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
export function causesOfWhole(graph: Graph, traceId: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const unit of graph.unitsOfTrace.get(traceId) ?? []) {
    const edge = graph.causes.get(unit)?.find(({ joinedBy }) => joinedBy !== "content");
    if (edge === undefined) return new Set();
    found.add(edge.from.entry.traceId);
  }
  // Of units that cause one another, as where a request waits for an answer, one is a begin all the same.
  const isBegin = originsOfTrace(graph, traceId).some(({ entry }) => entry.traceId === traceId);
  return isBegin ? new Set() : found;
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
function addTake(graph: Graph, found: Collected, first: { readonly unit: Unit; readonly take: Take }): void {
  const taken = [first];
  // The list grows while it is walked: messages may lead to one another in a chain as long as the flow.
  for (const { unit, take } of taken) {
    const takes = found.takes.get(unit) ?? new Set();
    found.takes.set(unit, takes);
    takes.add(take);
    for (const key of take.keys) {
      if (found.seenKeys.has(key)) continue;
      found.seenKeys.add(key);
      for (const other of graph.takersOfKey.get(key) ?? []) {
        if (other.unit === unit) continue;
        taken.push(other);
        include(found, other.unit);
      }
    }
  }
}

/** A part of the invocation that the flow begins with. */
function addPart(graph: Graph, found: Collected, part: Unit): void {
  for (const take of part.takes) addTake(graph, found, { unit: part, take });
  include(found, part);
}

function includeStrays(graph: Graph, found: Collected, strays: readonly Unit[] | undefined): void {
  for (const stray of strays ?? []) {
    for (const take of stray.takes) addTake(graph, found, { unit: stray, take });
    include(found, stray);
  }
}
