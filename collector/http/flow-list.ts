/** The list of flows: origins newest first, each page's flows assembled together, then filtered as wholes. */
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import { flowOrigins, type Origin, type OriginPosition } from "../store/queries/flow-origins.ts";
import type { Store } from "../store/store.ts";
import { invalid } from "./api-error.ts";
import { readFlows, storeSource } from "./flow-reader.ts";
import { summarize } from "./flow-summary.ts";
import type { TimeRange } from "./time-range.ts";

/** Origins looked at for one answer: what a narrow filter may cost. */
const ORIGINS_SCANNED_MAX = 2_000;
/** Origins assembled together. */
const ORIGINS_PER_READ_MAX = 200;

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
  const readSize = isFiltered ? ORIGINS_PER_READ_MAX : Math.min(limit + 1, ORIGINS_PER_READ_MAX);
  const flows: FlowSummary[] = [];
  let after = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  for (let scanned = 0; scanned < ORIGINS_SCANNED_MAX; scanned += readSize) {
    const origins = await flowOrigins(store, { ...request, after, limit: readSize });
    for (const [position, flow] of await summariesOf(store, origins, request)) {
      flows.push(flow);
      if (flows.length === limit) return { flows, nextCursor: encodeCursor(position) };
    }
    if (origins.length < readSize) return { flows };
    after = origins.at(-1);
  }
  return { flows, ...(after && { nextCursor: encodeCursor(after) }) };
}

async function summariesOf(store: Store, origins: readonly Origin[], request: FlowListRequest) {
  const traceIds = [...new Set(origins.map(({ traceId }) => traceId))];
  const built = await readFlows(storeSource(store), { traceIds, signal: request.signal });
  const byTrace = new Map(traceIds.map((traceId, at) => [traceId, built[at]]));
  const summaries: [OriginPosition, FlowSummary][] = [];
  for (const origin of origins) {
    const read = byTrace.get(origin.traceId);
    // A trace with several roots is listed once, and what another flow caused is not a flow.
    if (!read?.beginsHere || read.originSpanId !== origin.spanId) continue;
    const summary = summarize(read);
    if (isWanted(summary, request)) summaries.push([origin, summary]);
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
