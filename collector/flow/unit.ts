/**
 * Units: what one process did for one request, one invocation, or one record of a batch. A unit begins with an entry
 * span (a server, a consumer, or whatever has no parent here) and holds everything below it in the same process.
 */
import * as names from "../../schema/attributes.ts";
import type { Span } from "../../schema/flow.ts";
import { text } from "./attribute-readers.ts";
import type { SpanIndex } from "./span-index.ts";
import { byStart, endMs } from "./span-order.ts";
import { toMs } from "./instant.ts";
import { invocationIdOf, isPoll, operationOf } from "./message.ts";
import type { Send } from "./send.ts";
import type { Take } from "./take.ts";

/** What one process did for one cause; takes, sends and host are filled in once all units are known. */
export interface Unit {
  /** Span id of the entry; of the parent that is missing, where several spans have only that in common. */
  readonly id: string;
  readonly entry: Span;
  /** The entry first, then by start. */
  readonly spans: Span[];
  takes: Take[];
  sends: Send[];
  /** The invocation that took the batch of which this unit is one record's part. */
  host?: Unit;
  /** Units that are one record's part of this invocation. */
  readonly parts: Unit[];
  /** Messages that the invocation took in all. */
  batchSize: number;
}

/** Whether a span runs in the process of its parent, as against being caused by it over a wire. */
function isLocalChild(parent: Span, child: Span): boolean {
  if (child.kind !== "server" && child.kind !== "consumer") return child.service === parent.service;
  if (parent.kind === "producer") return false;
  if (parent.kind === "client" && operationOf(parent) !== "receive") return false;
  return isSameProcess(parent, child) && (isPoll(parent) || isSameRun(parent, child));
}

function isSameProcess(a: Span, b: Span): boolean {
  if (a.service !== b.service) return false;
  return [names.FAAS_INSTANCE, names.SERVICE_INSTANCE_ID].every((name) => {
    const left = text(a.resource, name);
    const right = text(b.resource, name);
    return left === undefined || right === undefined || left === right;
  });
}

/** A message may be taken by the very process that sent it: then it is another run, later or under another id. */
function isSameRun(parent: Span, child: Span): boolean {
  const own = invocationIdOf(child);
  if (own !== undefined && own !== invocationIdOf(parent)) return false;
  return toMs(child.startTime) <= endMs(parent);
}

/** The units, in the order of their first spans, and the one that each span belongs to. */
export interface Grouped {
  readonly units: Unit[];
  readonly unitOf: Map<Span, Unit>;
}

/** Groups the spans into units. `extraEntries` begin a unit of their own though they run inside another. */
export function groupUnits(index: SpanIndex, extraEntries: ReadonlySet<Span> = new Set()): Grouped {
  const units: Unit[] = [];
  const unitOf = new Map<Span, Unit>();
  /** With which span the walk began that passed a span last. */
  const walkOf = new Map<Span, Span>();
  const orphans = new Map<string, Unit>();
  for (const span of index.spans) {
    if (unitOf.has(span)) continue;
    const path: Span[] = [];
    let entry = span;
    for (;;) {
      path.push(entry);
      walkOf.set(entry, span);
      const parent = index.parentOf(entry);
      if (extraEntries.has(entry) || parent === undefined || !isLocalChild(parent, entry)) break;
      if (unitOf.has(entry)) break;
      if (walkOf.get(parent) === span) {
        entry = firstOfCircle(path, parent);
        break;
      }
      entry = parent;
    }
    const unit = unitOf.get(entry) ?? orphanUnit(orphans, index, entry) ?? newUnit(entry.spanId, entry);
    if (!unitOf.has(unit.entry)) units.push(unit);
    for (const member of path) unitOf.set(member, unit);
  }
  for (const span of index.spans) {
    const unit = unitOf.get(span);
    if (unit && unit.entry !== span) unit.spans.push(span);
  }
  return { units, unitOf };
}

/** Spans that are each other's parents, which only broken data has, begin with the one that began first. */
function firstOfCircle(path: readonly Span[], parent: Span): Span {
  return path.slice(path.indexOf(parent)).reduce((first, span) => (byStart(span, first) < 0 ? span : first));
}

function newUnit(id: string, entry: Span): Unit {
  return { id, entry, spans: [entry], takes: [], sends: [], parts: [], batchSize: 1 };
}

/** Spans that have only their missing parent in common were one unit's. */
function orphanUnit(orphans: Map<string, Unit>, index: SpanIndex, entry: Span): Unit | undefined {
  const isServing = entry.kind === "server" || entry.kind === "consumer";
  if (entry.parentSpanId === undefined || isServing || index.parentOf(entry)) return undefined;
  const key = entry.traceId + entry.parentSpanId;
  const unit = orphans.get(key) ?? newUnit(entry.parentSpanId, entry);
  orphans.set(key, unit);
  return unit;
}

/** Whether the unit's entry names a parent that is not here. */
export function isOrphan(unit: Unit, index: SpanIndex): boolean {
  return unit.entry.parentSpanId !== undefined && index.parentOf(unit.entry) === undefined;
}

/** Whether the unit's entry names as its parent what it caused itself. */
export function isOwnParent(unit: Unit, index: SpanIndex): boolean {
  const parent = index.parentOf(unit.entry);
  return parent !== undefined && unit.spans.includes(parent);
}

/** By the entry's start, then id. */
export function byEntry(a: Unit, b: Unit): number {
  return byStart(a.entry, b.entry);
}
