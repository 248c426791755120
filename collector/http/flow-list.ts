/** The list of flows: origins newest first, each page's flows assembled together, then filtered as wholes. */
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import { flowOrigins, type Origin, type OriginPosition } from "../store/queries/flow-origins.ts";
import type { Store } from "../store/store.ts";
import { findSpans } from "../store/queries/span-search.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { isFlowWanted, isSeed, seedFilter, type FlowFilter } from "./flow-filter.ts";
import { toUnixNano } from "./otlp-export.ts";
import type { BuiltFlow } from "../flow/build-flow.ts";
import { readFlows, storeSource } from "./flow-reader.ts";
import { summarize } from "./flow-summary.ts";
import type { TimeRange } from "./time-range.ts";

/** Entries looked at for one answer: what a narrow filter may cost. */
const ENTRIES_SCANNED_MAX = 4_000;
/** Entries read, and their traces assembled, together. */
const ENTRIES_PER_READ_MAX = 400;
/** Entries that a flow has, its origin included: a request and the functions after it. */
const ENTRIES_PER_FLOW = 4;

export interface FlowListRequest extends TimeRange, FlowFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One page; `nextCursor` is there where more may follow, also where the page is empty. */
export async function listFlows(store: Store, request: FlowListRequest): Promise<FlowListResponse> {
  const { limit } = request;
  const seeds = seedFilter(request);
  const readSize = isFiltered(request)
    ? ENTRIES_PER_READ_MAX
    : Math.min(limit * ENTRIES_PER_FLOW, ENTRIES_PER_READ_MAX);
  const flows: FlowSummary[] = [];
  const known: KnownFlows = new Map();
  let after = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  for (let scanned = 0; scanned < ENTRIES_SCANNED_MAX; scanned += readSize) {
    const origins = seeds
      ? await findSpans(store, { filter: seeds, after, limit: readSize, signal: request.signal })
      : await flowOrigins(store, { ...request, after, limit: readSize });
    const found = await summariesOf(store, { origins, request, known, isSeeded: seeds !== undefined });
    for (const [position, flow] of found) {
      flows.push(flow);
      if (flows.length === limit) return { flows, nextCursor: encodeCursor(position) };
    }
    if (origins.length < readSize) return { flows };
    after = origins.at(-1);
  }
  return { flows, ...(after && { nextCursor: encodeCursor(after) }) };
}

function isFiltered({
  from: _from,
  to: _to,
  limit: _limit,
  cursor: _cursor,
  signal: _signal,
  ...filter
}: FlowListRequest) {
  return Object.values(filter).some((value) => value !== undefined);
}

interface KnownFlow {
  readonly originSpanId: string;
  readonly summary: FlowSummary;
  readonly built: BuiltFlow;
}

/** The flow of each trace met so far; undefined where the trace is in none that is wanted. */
type KnownFlows = Map<string, KnownFlow | undefined>;

interface Summarizing {
  readonly origins: readonly Origin[];
  readonly request: FlowListRequest;
  readonly known: KnownFlows;
  /** The positions are those of any matching span, not of origins. */
  readonly isSeeded: boolean;
}

async function summariesOf(store: Store, { origins, request, known, isSeeded }: Summarizing) {
  const traceIds = [...new Set(origins.map(({ traceId }) => traceId))].filter((traceId) => !known.has(traceId));
  const read = await readFlows(storeSource(store), { traceIds, signal: request.signal });
  for (const [at, traceId] of traceIds.entries()) {
    const built = read[at];
    // What another flow caused is not a flow.
    const begins = built?.beginsHere === true && (isSeeded || built.flow.id === traceId);
    const isWanted = begins && isFlowWanted(built, request);
    known.set(traceId, isWanted ? { originSpanId: built.originSpanId, summary: summarize(built), built } : undefined);
  }
  const summaries: [OriginPosition, FlowSummary][] = [];
  const shown = new Set<string>();
  for (const origin of origins) {
    const flow = known.get(origin.traceId);
    if (flow === undefined) continue;
    // A trace has many entries, a flow many matching spans: it is listed at its origin, or at the first match.
    const isPlace = isSeeded
      ? !shown.has(flow.summary.id) && isFirstMatch(flow, origin, request)
      : flow.originSpanId === origin.spanId;
    if (!isPlace) continue;
    shown.add(flow.summary.id);
    summaries.push([origin, flow.summary]);
  }
  return summaries;
}

/** Whether no span of the flow that matches and lies in the range comes before this one in the search. */
function isFirstMatch({ built }: KnownFlow, { spanId, startNs }: OriginPosition, request: FlowListRequest): boolean {
  const start = BigInt(startNs);
  return !built.recorded.some((span) => {
    if (span.spanId === spanId || !isSeed(span, request)) return false;
    const other = toUnixNano(span.startTime);
    return other > start && other < toUnixNano(`${request.to.slice(0, 23)}000000Z`);
  });
}
