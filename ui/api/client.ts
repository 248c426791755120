import type { ErrorResponse, FlowListResponse, FunctionListResponse } from "@hopscope/schema/api";
import type { Span } from "@hopscope/schema/flow";
import type { FlowOutline } from "@hopscope/schema/flow-outline";

/** Why a request has no answer: what the API said, or `unreachable` where nothing answered. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorResponse["error"]["code"] | "unreachable";
  /** The field at fault, where the API named one. */
  readonly field: string | undefined;

  constructor(code: ApiError["code"], message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** What the flow list can be narrowed to. Instants are ISO 8601. */
export interface FlowQuery {
  from?: string | undefined;
  to?: string | undefined;
  service?: string | undefined;
  function?: string | undefined;
  /** A queue, topic, stream or the like. */
  destination?: string | undefined;
  /** `key=value` of an attribute. */
  attribute?: string | undefined;
  /** Somewhere in a span. */
  text?: string | undefined;
  status?: string | undefined;
  cursor?: string | undefined;
}

/** Returns a page of flows, newest first. Throws {@link ApiError}. */
export function fetchFlows(query: FlowQuery, signal?: AbortSignal): Promise<FlowListResponse> {
  return getJson(`/api/flows${search({ ...query })}`, signal);
}

/** By which clocks a flow is told: corrected where hosts contradict each other, or as its spans were sent. */
export type Clocks = "aligned" | "as-sent";

/** Returns a flow and what is drawn of its spans. Throws {@link ApiError}, `not-found` among them. */
export function fetchOutline(traceId: string, clocks: Clocks, signal?: AbortSignal): Promise<FlowOutline> {
  const query = search({ clocks: clocks === "aligned" ? undefined : clocks });
  return getJson(`/api/flows/${encodeURIComponent(traceId)}/outline${query}`, signal);
}

/** Where a span is stored. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
  /** What else tells it, where others have its id. */
  readonly kind?: string;
  readonly service?: string;
}

/** Returns a span with all that it says. Throws {@link ApiError}, `not-found` among them. */
export async function fetchSpan({ traceId, spanId, kind, service }: SpanPlace, signal?: AbortSignal): Promise<Span> {
  return (await getJson<{ span: Span }>(`/api/spans/${traceId}/${spanId}${search({ kind, service })}`, signal)).span;
}

/** Returns what every function did between two instants. Throws {@link ApiError}. */
export function fetchFunctions(query: { from: string }, signal?: AbortSignal): Promise<FunctionListResponse> {
  return getJson(`/api/functions${search(query)}`, signal);
}

/** Returns the members of a query that are set, as an address has them. */
export function search(query: Record<string, string | undefined>): string {
  const present = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return present.length === 0 ? "" : `?${new URLSearchParams(present).toString()}`;
}

/** Returns what the API answers. Throws {@link ApiError}. */
export async function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) }).catch(
    (cause: unknown) => {
      if (signal?.aborted === true) throw cause;
      throw new ApiError("unreachable", "The collector does not answer.");
    },
  );
  if (response.ok) return (await response.json()) as Answer;
  throw await errorOf(response);
}

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => undefined)) as ErrorResponse | undefined;
  if (body?.error?.message) return new ApiError(body.error.code, body.error.message);
  // A proxy between us and the collector answers in its own words.
  if (response.status >= 502) return new ApiError("unreachable", "The collector does not answer.");
  return new ApiError("internal", `The collector answered ${response.status} ${response.statusText}`.trim());
}
