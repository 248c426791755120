/** The list of flows: origins newest first, each page's flows assembled together, then filtered as wholes. */
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import { flowOrigins, type Origin, type OriginPosition } from "../store/queries/flow-origins.ts";
import type { Store } from "../store/store.ts";
import { invalid } from "./api-error.ts";
import { readFlows, storeSource } from "./flow-reader.ts";
import { summarize } from "./flow-summary.ts";
import type { TimeRange } from "./time-range.ts";

/** Entries looked at for one answer: what a narrow filter may cost. */
const ENTRIES_SCANNED_MAX = 4_000;
/** Entries read, and their traces assembled, together. */
const ENTRIES_PER_READ_MAX = 400;
/** Entries that a flow has, its origin included: a request and the functions after it. */
const ENTRIES_PER_FLOW = 4;

export interface FlowListRequest extends TimeRange {
  readonly service?: string | undefined;
  readonly status?: "ok" | "error" | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One page; `nextCursor` is there where more may follow, also where the page is empty. */
export async function listFlows(store: Store, request: FlowListRequest): Promise<FlowListResponse> {
  const { limit } = request;
  const isFiltered = request.service !== undefined || request.status !== undefined;
  const readSize = isFiltered ? ENTRIES_PER_READ_MAX : Math.min(limit * ENTRIES_PER_FLOW, ENTRIES_PER_READ_MAX);
  const flows: FlowSummary[] = [];
  const known: KnownFlows = new Map();
  let after = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  for (let scanned = 0; scanned < ENTRIES_SCANNED_MAX; scanned += readSize) {
    const origins = await flowOrigins(store, { ...request, after, limit: readSize });
    for (const [position, flow] of await summariesOf(store, { origins, request, known })) {
      flows.push(flow);
      if (flows.length === limit) return { flows, nextCursor: encodeCursor(position) };
    }
    if (origins.length < readSize) return { flows };
    after = origins.at(-1);
  }
  return { flows, ...(after && { nextCursor: encodeCursor(after) }) };
}

/** The flow of each trace met so far; undefined where the trace begins none. */
type KnownFlows = Map<string, { readonly originSpanId: string; readonly summary: FlowSummary } | undefined>;

interface Summarizing {
  readonly origins: readonly Origin[];
  readonly request: FlowListRequest;
  readonly known: KnownFlows;
}

async function summariesOf(store: Store, { origins, request, known }: Summarizing) {
  const traceIds = [...new Set(origins.map(({ traceId }) => traceId))].filter((traceId) => !known.has(traceId));
  const built = await readFlows(storeSource(store), { traceIds, signal: request.signal });
  for (const [at, traceId] of traceIds.entries()) {
    const read = built[at];
    // What another flow caused is not a flow.
    const begins = read?.beginsHere === true && read.flow.id === traceId;
    known.set(traceId, begins ? { originSpanId: read.originSpanId, summary: summarize(read) } : undefined);
  }
  const summaries: [OriginPosition, FlowSummary][] = [];
  for (const origin of origins) {
    const flow = known.get(origin.traceId);
    // A trace has many entries and is listed once.
    if (flow?.originSpanId !== origin.spanId) continue;
    if (isWanted(flow.summary, request)) summaries.push([origin, flow.summary]);
  }
  return summaries;
}

function isWanted(flow: FlowSummary, { service, status }: FlowListRequest): boolean {
  if (service !== undefined && !flow.services.includes(service)) return false;
  return status === undefined || (flow.status === "error") === (status === "error");
}

function encodeCursor({ startNs, traceId, spanId }: OriginPosition): string {
  return `${startNs}-${traceId}-${spanId}`;
}

function decodeCursor(cursor: string): OriginPosition {
  const parts = /^(\d{1,19})-([0-9a-f]{32})-([0-9a-f]{16})$/.exec(cursor);
  const [, startNs, traceId, spanId] = parts ?? [];
  if (startNs === undefined || traceId === undefined || spanId === undefined || BigInt(startNs) >= 2n ** 63n) {
    throw invalid("cursor", "must be the nextCursor of an answer before, as it was");
  }
  return { startNs, traceId, spanId };
}
