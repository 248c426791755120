/**
 * What caused what: parent before link before identity before content.
 *
 * Every edge goes from one unit to another and is there because both of its ends are: nothing is guessed.
 */
import * as names from "../../schema/attributes.ts";
import type { Hop, Span } from "../../schema/flow.ts";
import { number } from "./attribute-readers.ts";
import { ContentSends } from "./content.ts";
import { isPoll, readMessage, runKeyOf } from "./message.ts";
import { isSendSpan, sendsOf, type Send } from "./send.ts";
import { addTo, groupedBy } from "./grouped.ts";
import { indexSpans, type SpanIndex } from "./span-index.ts";
import { byStart } from "./span-order.ts";
import { distinctTakes, isMembership, mergeTakes, takesOfSpan, type Take } from "./take.ts";
import { groupUnits, isOrphan, isOwnParent, type Grouped, type Unit } from "./unit.ts";

/** That one unit caused another, and by what this is known. */
export interface Edge {
  readonly from: Unit;
  /** The span of `from` that the other side names. */
  readonly fromSpan: Span;
  /** Where that span sent messages. */
  readonly send: Send | undefined;
  readonly to: Unit;
  /** The message; none for a call. */
  readonly take: Take | undefined;
  readonly joinedBy: Hop["joinedBy"];
}

/** Whether what was taken is what Lambda told a destination of an invocation: the invocation itself is the cause. */
export function isOutcome(edge: Edge | undefined): boolean {
  return edge?.joinedBy === "identity" && edge.send === undefined;
}

/** The units of all known spans, of this flow and of others, and what joins them. */
export interface Graph {
  readonly index: SpanIndex;
  readonly units: readonly Unit[];
  readonly unitsOfTrace: ReadonlyMap<string, readonly Unit[]>;
  /** By trace, the units whose parent is missing and that nothing else explains. */
  readonly straysOfTrace: ReadonlyMap<string, readonly Unit[]>;
  readonly unitOf: ReadonlyMap<Span, Unit>;
  readonly causes: ReadonlyMap<Unit, readonly Edge[]>;
  readonly effects: ReadonlyMap<Unit, readonly Edge[]>;
  /** The earliest send of each identity. */
  readonly sendOfKey: ReadonlyMap<string, { readonly unit: Unit; readonly send: Send }>;
  /** Units that took a message of this identity, and as what. */
  readonly takersOfKey: ReadonlyMap<string, readonly { readonly unit: Unit; readonly take: Take }[]>;
  readonly contentSends: ContentSends;
}

/** Finds the units among the spans and joins them; bodies of a `crowded` MD5 join nothing. */
export function joinUnits(spans: readonly Span[], crowded?: ReadonlySet<string>): Graph {
  const index = indexSpans(spans);
  const { units, unitOf } = unitsWithParts(index);
  const senders = indexSends(units);
  const causes = new Map<Unit, Edge[]>();
  const effects = new Map<Unit, Edge[]>();
  const contentSends = new ContentSends(units, crowded);
  const context: JoinContext = { index, unitOf, ...senders, contentSends };
  for (const unit of units) {
    for (const edge of causesOf(unit, context)) {
      addTo(causes, unit, edge);
      addTo(effects, edge.from, edge);
    }
  }
  const takersOfKey = new Map<string, { unit: Unit; take: Take }[]>();
  for (const unit of units) {
    for (const take of unit.takes) for (const key of take.keys) addTo(takersOfKey, key, { unit, take });
  }
  const traceOf = ({ entry }: Unit) => entry.traceId;
  const strays = units.filter((unit) => !causes.has(unit) && (isOrphan(unit, index) || isOwnParent(unit, index)));
  const byTrace = { unitsOfTrace: groupedBy(units, traceOf), straysOfTrace: groupedBy(strays, traceOf) };
  const { sendOfKey } = senders;
  return { index, units, ...byTrace, unitOf, causes, effects, sendOfKey, takersOfKey, contentSends };
}

/** Units, with what they took and sent; the records of a batch apart from the invocation that took it. */
function unitsWithParts(index: SpanIndex): Grouped {
  const whole = groupUnits(index);
  const partEntries = new Set<Span>();
  for (const unit of whole.units) for (const span of nestedParts(unit, index)) partEntries.add(span);
  const { units, unitOf } = partEntries.size > 0 ? groupUnits(index, partEntries) : whole;
  for (const unit of units) {
    unit.sends = sendsOf(unit.spans);
    unit.takes = distinctTakes(unit.spans.flatMap((span) => takesOfSpan(span, span === unit.entry, index)));
    unit.batchSize = largestBatch(unit) || Math.max(unit.takes.length, 1);
  }
  for (const unit of units) {
    const host = hostOf(unit, { index, unitOf, partEntries });
    if (host === undefined || host === unit) continue;
    unit.host = host;
    host.parts.push(unit);
  }
  for (const unit of units) if (unit.parts.length > 0) leaveTakesToParts(unit);
  return { units, unitOf };
}

/** Consumer spans inside a unit, one a message, where the unit took several, or only fetched it for them. */
function nestedParts(unit: Unit, index: SpanIndex): Span[] {
  const candidates = unit.spans.filter((span) => span !== unit.entry && span.kind === "consumer");
  if (candidates.length === 0) return [];
  const all = distinctTakes(unit.spans.flatMap((span) => takesOfSpan(span, span === unit.entry, index)));
  if (all.length < 2 && !isPoll(unit.entry)) return [];
  return candidates.filter((span) => {
    const takes = takesOfSpan(span, false, index);
    return takes.length === 1 && takes[0] !== undefined && (takes[0].keys.length > 0 || takes[0].context !== undefined);
  });
}

/** Of what it took: a batch that it sent is others'. */
function largestBatch(unit: Unit): number {
  let largest = 0;
  for (const span of unit.spans) {
    const count = number(span.attributes, names.MESSAGING_BATCH_MESSAGE_COUNT);
    if (count !== undefined && count > largest && !isSendSpan(span)) largest = count;
  }
  return largest;
}

interface HostContext {
  readonly index: SpanIndex;
  readonly unitOf: ReadonlyMap<Span, Unit>;
  readonly partEntries: ReadonlySet<Span>;
}

function hostOf(unit: Unit, { index, unitOf, partEntries }: HostContext): Unit | undefined {
  if (partEntries.has(unit.entry)) {
    const parent = index.parentOf(unit.entry);
    return parent && unitOf.get(parent);
  }
  for (const link of unit.entry.links) {
    if (!isMembership(unit.entry, link, index)) continue;
    const target = index.find(link.traceId, link.spanId);
    return target && unitOf.get(target);
  }
  return undefined;
}

/** What a part took, its host did not take beside it. */
function leaveTakesToParts(host: Unit): void {
  const keys = new Set<string>();
  const contexts = new Set<string>();
  for (const part of host.parts) {
    contexts.add(part.entry.traceId + (part.entry.parentSpanId ?? ""));
    for (const take of part.takes) {
      for (const key of take.keys) keys.add(key);
      if (take.context) contexts.add(take.context.traceId + take.context.spanId);
    }
  }
  host.takes = host.takes.filter((take) => {
    if (take.keys.some((key) => keys.has(key))) return false;
    return !(take.keys.length === 0 && take.context && contexts.has(take.context.traceId + take.context.spanId));
  });
}

interface Senders {
  readonly sendOfKey: Map<string, { unit: Unit; send: Send }>;
  readonly sendOfSpan: Map<Span, Send>;
  /** The last run of each invocation, by its identity. */
  readonly runOfKey: Map<string, Unit>;
}

interface JoinContext extends Senders {
  readonly index: SpanIndex;
  readonly unitOf: ReadonlyMap<Span, Unit>;
  readonly contentSends: ContentSends;
}

function indexSends(units: readonly Unit[]): Senders {
  const sendOfKey: Senders["sendOfKey"] = new Map();
  const sendOfSpan: Senders["sendOfSpan"] = new Map();
  const runOfKey: Senders["runOfKey"] = new Map();
  for (const unit of units) {
    const own = runKeyOf(unit.entry);
    const before = own === undefined ? undefined : runOfKey.get(own);
    if (own !== undefined && (before === undefined || byStart(before.entry, unit.entry) < 0)) runOfKey.set(own, unit);
    for (const send of unit.sends) {
      for (const span of send.spans) sendOfSpan.set(span, send);
      for (const key of send.keys) {
        const other = sendOfKey.get(key);
        if (other === undefined || send.sentMs < other.send.sentMs) sendOfKey.set(key, { unit, send });
      }
    }
  }
  return { sendOfKey, sendOfSpan, runOfKey };
}

function causesOf(unit: Unit, context: JoinContext): Edge[] {
  const parent = parentEdge(unit, context);
  if (unit.takes.length === 0) return parent ? [withTake(parent, unit)] : [];
  foldUnnamedLinks(unit, context);
  const edges: Edge[] = [];
  const untaken: Take[] = [];
  const ownRun = runKeyOf(unit.entry);
  for (const take of unit.takes) {
    const edge = linkEdge(unit, take, context, parent);
    if (edge) edges.push(edge);
    else untaken.push(take);
  }
  let parentUsed = edges.some(({ joinedBy }) => joinedBy === "parent");
  for (const take of untaken) {
    const byParent = parent && isParentsMessage(take, { parent, alone: unit.takes.length === 1 });
    const edge = byParent
      ? { ...parent, take }
      : (identityEdge({ unit, ownRun, take }, context) ?? contentEdge(unit, take, context));
    if (edge) edges.push(edge);
    parentUsed ||= byParent === true;
  }
  if (parent && !parentUsed) {
    const joined = edges.some(({ from }) => from === parent.from);
    if (!joined) edges.push(withTake(parent, unit));
  }
  return edges;
}

/** The edge that the entry's parent makes, where that parent is here and in another process. */
function parentEdge(unit: Unit, { index, unitOf, sendOfSpan }: JoinContext): Edge | undefined {
  const parent = index.parentOf(unit.entry);
  const from = parent && unitOf.get(parent);
  if (from === undefined || from === unit || from === unit.host) return undefined;
  return {
    from,
    fromSpan: parent as Span,
    send: sendOfSpan.get(parent as Span),
    to: unit,
    take: undefined,
    joinedBy: "parent",
  };
}

/** A consumer that says nothing of its message still took one. */
function withTake(parent: Edge, unit: Unit): Edge {
  const { entry } = unit;
  if (entry.kind !== "consumer" && parent.send === undefined) return parent;
  const take: Take = { ...readMessage(entry.attributes), keys: [], span: entry };
  unit.takes.push(take);
  return { ...parent, take };
}

/** Whether the message is the one that the parent context came with. */
function isParentsMessage(take: Take, { parent, alone }: { parent: Edge; alone: boolean }): boolean {
  const sent = parent.send?.keys;
  if (sent === undefined || sent.size === 0 || take.keys.length === 0) return alone;
  return alone || take.keys.some((key) => sent.has(key));
}

function linkEdge(unit: Unit, take: Take, context: JoinContext, parent: Edge | undefined): Edge | undefined {
  if (take.context === undefined) return undefined;
  const fromSpan = context.index.find(take.context.traceId, take.context.spanId);
  const from = fromSpan && context.unitOf.get(fromSpan);
  if (from === undefined || fromSpan === undefined || from === unit || from === unit.host) return undefined;
  const joinedBy = parent?.fromSpan === fromSpan ? "parent" : "link";
  return { from, fromSpan, send: context.sendOfSpan.get(fromSpan), to: unit, take, joinedBy };
}

interface Taken {
  readonly unit: Unit;
  /** The identity of the unit itself, where it is an invocation's. */
  readonly ownRun: string | undefined;
  readonly take: Take;
}

function identityEdge({ unit, ownRun, take }: Taken, { sendOfKey, runOfKey }: JoinContext): Edge | undefined {
  for (const key of take.keys) {
    const run = key === ownRun ? undefined : runOfKey.get(key);
    if (run !== undefined && run !== unit && run !== unit.host) {
      return { from: run, fromSpan: run.entry, send: undefined, to: unit, take, joinedBy: "identity" };
    }
    const sender = sendOfKey.get(key);
    if (sender === undefined || sender.unit === unit) continue;
    const { unit: from, send } = sender;
    return { from, fromSpan: send.span, send, to: unit, take, joinedBy: "identity" };
  }
  return undefined;
}

function contentEdge(unit: Unit, take: Take, { contentSends }: JoinContext): Edge | undefined {
  const sender = contentSends.senderOf(unit, take);
  if (sender === undefined || sender === "several") return undefined;
  const { unit: from, send } = sender;
  return { from, fromSpan: send.span, send, to: unit, take, joinedBy: "content" };
}

/**
 * Some SDKs link without attributes and list the ids elsewhere: a link whose producer sent one of those ids, and an id
 * that has no link, are one message.
 */
function foldUnnamedLinks(unit: Unit, { index, sendOfSpan, sendOfKey }: JoinContext): void {
  const unnamed = unit.takes.filter((take) => take.context !== undefined && take.keys.length === 0);
  if (unnamed.length === 0) return;
  const named = unit.takes.filter((take) => take.context === undefined && take.keys.length > 0);
  const linksOf = groupedBy(unnamed.toReversed(), ({ context }) => {
    const span = context && index.find(context.traceId, context.spanId);
    return span && sendOfSpan.get(span);
  });
  const folded = new Map<Take, Take>();
  for (const take of named) {
    const sender = take.keys.map((key) => sendOfKey.get(key)).find((found) => found !== undefined);
    // The first one of that sending that no other id has.
    const link = sender && linksOf.get(sender.send)?.pop();
    if (link) folded.set(link, take);
  }
  const gone = new Set(folded.values());
  unit.takes = unit.takes.flatMap((take) => {
    if (gone.has(take)) return [];
    const other = folded.get(take);
    return [other ? mergeTakes(take, other) : take];
  });
}
