import type {
  CompareResponse,
  FlowCompareResponse,
  FunctionListResponse,
  QueueListResponse,
} from "@hopscope/schema/api";
import { getJson, search } from "../api/client.ts";

/** Which spans of two stretches of time are compared. Instants are ISO 8601. */
export interface RangeQuery {
  readonly from: string;
  readonly to: string;
  readonly service?: string | undefined;
  readonly function?: string | undefined;
}

/** Returns how two flows differ. Throws ApiError. */
export function compareFlows(flow: string, other: string, signal: AbortSignal): Promise<FlowCompareResponse> {
  return getJson(`/api/flows/${encodeURIComponent(flow)}/compare/${encodeURIComponent(other)}`, signal);
}

/** Returns what is over-represented in a range: against `base`, or among what failed. Throws ApiError. */
export function compareSpans(query: RangeQuery, base: RangeQuery | undefined, signal: AbortSignal) {
  const against = base && { baseFrom: base.from, baseTo: base.to };
  return getJson<CompareResponse>(`/api/spans/compare${search({ ...query, ...against })}`, signal);
}

/** Returns what functions and queues did in a range. Throws ApiError. */
export async function fetchWork({ from, to }: RangeQuery, signal: AbortSignal) {
  const query = search({ from, to });
  const [{ functions }, { queues }] = await Promise.all([
    getJson<FunctionListResponse>(`/api/functions${query}`, signal),
    getJson<QueueListResponse>(`/api/queues${query}`, signal),
  ]);
  return { functions, queues };
}
