/** The list of flows, newest first: from origins, or from the spans that a filter names, then filtered as wholes. */
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import type { BuiltFlow } from "../flow/build-flow.ts";
import type { OriginPosition } from "../store/queries/flow-origins.ts";
import { findSpans } from "../store/queries/span-search.ts";
import type { Store } from "../store/store.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { CutNote } from "./cut-note.ts";
import { originEntries, type Entries } from "./flow-entries.ts";
import { isFlowWanted, type FlowFilter, type Seed } from "./flow-filter.ts";
import { assembleAll, readAhead, readToAssemble, type FlowRead, type ReadFlows } from "./flow-reader.ts";
import { storeSource, type FlowSource } from "./flow-source.ts";
import { summarize } from "./flow-summary.ts";
import { wayOf } from "./flow-way.ts";
import { TracesPerFlow } from "./traces-per-flow.ts";
import { toUnixNano } from "./otlp-export.ts";
import type { TimeRange } from "./time-range.ts";

/** Entries looked at for one answer: what a narrow filter may cost. */
const ENTRIES_SCANNED_MAX = 4_000;
/** Entries read together: they are small. */
const ENTRIES_PER_READ = 400;
/** Batches one after another through which what caused a matching span is followed up. */
const BATCHES_MAX = 8;

/** A page of the list; `cursor` is the `nextCursor` of the page before. */
export interface FlowListRequest extends TimeRange, FlowFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One page; `nextCursor` is there where more may follow, also where the page is empty. */
export async function listFlows(store: Store, request: FlowListRequest): Promise<FlowListResponse> {
  const { limit } = request;
  const cut = new CutNote();
  const cursor = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const { seed, isEmpty } = await wayOf(store, { request, way: cursor?.way, isFirst: cursor === undefined, cut });
  if (seed?.parts !== undefined) cut.onCut({ limit: "parts", value: seed.parts });
  if (isEmpty) return { flows: [], ...cut.member };
  const perFlow = isFiltered(request) ? new TracesPerFlow() : TracesPerFlow.of(store);
  const flows: FlowSummary[] = [];
  const tracesWanted = () => perFlow.tracesFor(limit - flows.length);
  const source = storeSource(store);
  const met = { known: new Map(), shown: new Set<string>() };
  const listing: Listing = { store, source, request, seed, cut, ...met, perFlow, tracesWanted };
  let after: OriginPosition | undefined = cursor;
  for (let scanned = 0; scanned < ENTRIES_SCANNED_MAX; scanned += ENTRIES_PER_READ) {
    const { entries, next } = await readEntries(listing, after, ENTRIES_PER_READ);
    for await (const [position, found] of placesOf(listing, entries)) {
      const isOver = flows.length + found.length > limit;
      // Flows that one span belongs to go on one page, where a page can hold them.
      if (isOver && after && flows.length > 0) return { flows, nextCursor: encodeCursor(after, seed?.name) };
      if (isOver) cut.onCut({ limit: "flows", value: limit });
      flows.push(...found.slice(0, limit));
      after = position;
      if (flows.length >= limit) return { flows, nextCursor: encodeCursor(after, seed?.name), ...cut.member };
    }
    if (next === undefined) return { flows, ...cut.member };
    after = next;
  }
  cut.onCut({ limit: "entries", value: ENTRIES_SCANNED_MAX });
  return { flows, ...(after && { nextCursor: encodeCursor(after, seed?.name) }), ...cut.member };
}

function isFiltered({ from: _from, to: _to, limit: _limit, cursor: _cursor, signal: _, ...filter }: FlowListRequest) {
  return Object.values(filter).some((value) => value !== undefined);
}

interface KnownFlow {
  readonly summary: FlowSummary;
  readonly built: BuiltFlow;
}

interface Listing {
  readonly store: Store;
  /** Of the page: what its index said of a trace is not asked again. */
  readonly source: FlowSource;
  readonly request: FlowListRequest;
  /** Where it is there, the entries are the spans that match it; else they are origins. */
  readonly seed: Seed | undefined;
  readonly cut: CutNote;
  /** The wanted flows of each trace met so far. */
  readonly known: Map<string, () => readonly KnownFlow[]>;
  /** Ids of flows that have their place. */
  readonly shown: Set<string>;
  readonly perFlow: TracesPerFlow;
  /** Traces to read next. */
  tracesWanted(): number;
}

type Place = readonly [OriginPosition, readonly FlowSummary[]];

async function readEntries(
  listing: Listing,
  after: OriginPosition | undefined,
  limit: number,
): Promise<Entries> {
  const { store, request, seed, cut, known } = listing;
  const { from, to, signal } = request;
  const reading = { signal, onCut: cut.onCut };
  if (seed === undefined) {
    const onOrigins = (origins: readonly OriginPosition[]) =>
      readAhead(listing.source, { traceIds: tracesToRead(listing, origins), signal });
    return originEntries(store, { from, to, after, limit, onOrigins, ...reading });
  }
  const filter = { ...seed.filter, from, to };
  const entries = await findSpans(store, { filter, after, limit, exceptTraces: [...known.keys()], ...reading });
  return { entries, next: entries.length < limit ? undefined : entries.at(-1) };
}

/** The entries at which flows have their place in the list, with these flows: read as far as they are asked. */
async function* placesOf(listing: Listing, entries: readonly OriginPosition[]): AsyncGenerator<Place> {
  const { known, shown, seed, perFlow } = listing;
  for (const [at, entry] of entries.entries()) {
    if (!known.has(entry.traceId)) await readKnown(listing, entries.slice(at));
    // A trace has many entries, a flow many matching spans: it is listed at its origin, or at the first match.
    const own = (known.get(entry.traceId)?.() ?? []).filter(({ built, summary }) => {
      if (shown.has(summary.id)) return false;
      return seed ? isFirstMatch(built, entry, { seed, ...listing.request }) : isOrigin(built, entry);
    });
    for (const { summary } of own) shown.add(summary.id);
    perFlow.found(own.length);
    const summaries = own.map(({ summary }) => summary).sort((a, b) => (a.startTime < b.startTime ? 1 : -1));
    if (summaries.length > 0) yield [entry, summaries];
  }
}

/** Whether the entry is the one of its trace's that stays the first, whatever else comes: as flow_origins chooses. */
function isOrigin({ recorded }: BuiltFlow, { traceId, spanId, startNs }: OriginPosition): boolean {
  const own = recorded.filter((span) => span.traceId === traceId);
  const roots = own.filter(({ parentSpanId, links }) => parentSpanId === undefined && links.length === 0);
  const orphans = own.filter(({ parentSpanId }) => parentSpanId !== undefined);
  const taken = orphans.find(({ kind }) => kind === "server" || kind === "consumer");
  // What it links to is not stored, or it would be part of a flow that begins there.
  const origin = roots[0] ?? taken ?? orphans[0] ?? own[0];
  // Another start has a copy of it, which the flow leaves out.
  return origin?.spanId === spanId && toUnixNano(origin.startTime) === BigInt(startNs);
}

/** The next traces that are new. */
function tracesToRead({ known, tracesWanted }: Listing, entries: readonly OriginPosition[]): string[] {
  const traceIds = new Set(entries.map(({ traceId }) => traceId));
  return [...traceIds].filter((traceId) => !known.has(traceId)).slice(0, tracesWanted());
}

/** Reads the flows of the next traces that are new; of a batch that several flows met in, those flows. */
async function readKnown(listing: Listing, entries: readonly OriginPosition[]): Promise<void> {
  const { source, request, seed, cut, known, perFlow } = listing;
  const asked = tracesToRead(listing, entries);
  const reading = { signal: request.signal, onCut: cut.onCut };
  const read = await (seed ? readWithCauses(source, asked, reading) : readWhenShown(source, asked, reading));
  // A wide flow is met once for each of its traces.
  const checked = new Map<BuiltFlow, readonly KnownFlow[]>();
  const check = (built: BuiltFlow) => {
    const found = checked.get(built) ?? (isFlowWanted(built, request) ? [{ summary: summarize(built), built }] : []);
    checked.set(built, found);
    return found;
  };
  for (const traceId of read.traceIds) {
    const flowsOf = () => {
      perFlow.lookedAt();
      const flows = [...beginningFlows(traceId, read.builtOf)];
      return flows.filter((built) => seed !== undefined || built.flow.id === traceId).flatMap(check);
    };
    if (!known.has(traceId)) known.set(traceId, once(flowsOf));
  }
}

/** The flow of a trace that was read. */
type BuiltOf = (traceId: string) => BuiltFlow | undefined;

interface FlowsRead {
  readonly builtOf: BuiltOf;
  /** Those that were asked, and others from which the same flows come out. */
  readonly traceIds: readonly string[];
}

/**
 * The flows that begin in the traces, assembled when they are asked for: a full page asks for few of them. What
 * another trace caused is none of them.
 */
async function readWhenShown(
  source: FlowSource,
  asked: readonly string[],
  reading: Omit<ReadFlows, "traceIds">,
): Promise<FlowsRead> {
  const read = await readToAssemble(source, { traceIds: asked, isBeginningAsked: true, ...reading });
  const assembles = new Map(asked.map((traceId, at) => [traceId, () => flowBeginningIn(traceId, read[at])]));
  for (const each of new Set(read)) {
    for (const traceId of each.sameTraceIds()) {
      if (!assembles.has(traceId)) assembles.set(traceId, () => flowBeginningIn(traceId, each));
    }
  }
  return { builtOf: (traceId) => assembles.get(traceId)?.(), traceIds: [...assembles.keys()] };
}

function flowBeginningIn(traceId: string, read: FlowRead | undefined): BuiltFlow | undefined {
  return read?.beginsIn(traceId) ? read.assemble() : undefined;
}

/** The flows of the traces, and those that caused them. */
async function readWithCauses(
  source: FlowSource,
  asked: readonly string[],
  reading: Omit<ReadFlows, "traceIds">,
): Promise<FlowsRead> {
  const builtOf = new Map<string, BuiltFlow | undefined>();
  const traceIds = new Set(asked);
  let wanted = asked;
  for (let level = 0; level <= BATCHES_MAX && wanted.length > 0; level += 1) {
    const read = await readToAssemble(source, { traceIds: wanted, ...reading });
    const built = await assembleAll(read, reading.signal);
    for (const [at, traceId] of wanted.entries()) builtOf.set(traceId, built[at]);
    for (const each of new Set(level === 0 ? read : [])) {
      for (const traceId of each.sameTraceIds()) {
        traceIds.add(traceId);
        builtOf.set(traceId, each.assemble());
      }
    }
    const above = built.flatMap((each) => each?.causeTraceIds ?? []);
    wanted = [...new Set(above)].filter((traceId) => !builtOf.has(traceId));
  }
  return { builtOf: (traceId) => builtOf.get(traceId), traceIds: [...traceIds] };
}

/** Calls it when it is asked first, and never again. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The flows that begin somewhere and that the trace is part of, each once. */
function beginningFlows(traceId: string, builtOf: BuiltOf): Set<BuiltFlow> {
  const flows = new Map<string, BuiltFlow>();
  const seen = new Set<string>();
  const queue = [traceId];
  // The queue grows while it is walked.
  for (const next of queue) {
    if (seen.has(next)) continue;
    seen.add(next);
    const built = builtOf(next);
    if (built === undefined) continue;
    // What another flow caused is not a flow.
    if (built.beginsHere) flows.set(built.flow.id, built);
    else queue.push(...built.causeTraceIds);
  }
  return new Set(flows.values());
}

/** Whether no span of the flow that matches and lies in the range comes before this one in the search. */
function isFirstMatch(
  { recorded }: BuiltFlow,
  { traceId, spanId, startNs }: OriginPosition,
  { seed, from, to }: { readonly seed: Seed } & TimeRange,
): boolean {
  const start = BigInt(startNs);
  const [fromNs, endNs] = [from, to].map((instant) => toUnixNano(`${instant.slice(0, 23)}000000Z`)) as [bigint, bigint];
  const id = traceId + spanId;
  return !recorded.some((span) => {
    const otherId = span.traceId + span.spanId;
    if (!seed.matches(span)) return false;
    const other = toUnixNano(span.startTime);
    // Of copies of one span, with starts of their own, it is listed at the one that the flow has.
    if (otherId === id) return other !== start && other >= fromNs && other < endNs;
    // Of those that began at one instant, the search has the highest id first.
    return (other > start || (other === start && otherId > id)) && other < endNs;
  });
}
