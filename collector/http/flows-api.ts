/** `/api/flows`. */
import { createRoute, z } from "@hono/zod-openapi";
import { flowCompareResponseSchema, flowListResponseSchema, flowSearchQuerySchema, truncatedSchema } from "../../schema/api.ts";
import { flowResponseSchema, traceIdSchema } from "../../schema/flow.ts";
import type { BuiltFlow } from "../flow/build-flow.ts";
import { compareAttributes, compareHops, compareSteps } from "../flow/compare-flows.ts";
import { FLOW_SPANS_MAX } from "../flow/limits.ts";
import { otlpSpans } from "../store/queries/otlp-spans.ts";
import type { Store } from "../store/store.ts";
import { DATA_HEADERS } from "./answer-headers.ts";
import { ApiError, pastLimit } from "./api-error.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, NOT_FOUND_ANSWER, type ApiContext } from "./api-router.ts";
import { CutNote } from "./cut-note.ts";
import { listFlows } from "./flow-list.ts";
import { readFlows, type ReadFlows } from "./flow-reader.ts";
import { storeSource } from "./flow-source.ts";
import { FlowStreams, SPANS_AT_ONCE_MAX } from "./flow-stream.ts";
import { summarize } from "./flow-summary.ts";
import { toOtlpRequest } from "./otlp-export.ts";
import { timeRange } from "./time-range.ts";

const otlpSchema = z.object({
  resourceSpans: z.array(z.record(z.string(), z.unknown())),
  /** Beside what OTLP has, which its readers pass over. */
  truncated: truncatedSchema.optional(),
});

/** By which a flow is asked for; `outline` and `otlp` take it too. */
export const flowParams = z.object({ traceId: traceIdSchema.describe("Any trace id of the flow.") });

const listRoute = createRoute({
  method: "get",
  path: "/api/flows",
  summary: "Flows, newest first",
  description: "Status, duration and counts are those of the whole flow, whichever traces it has.",
  request: { query: flowSearchQuerySchema },
  responses: { 200: jsonAnswer("One page of flows.", flowListResponseSchema), ...ERROR_ANSWERS },
});

const flowRoute = createRoute({
  method: "get",
  path: "/api/flows/{traceId}",
  summary: "One flow, by any of its trace ids",
  request: { params: flowParams },
  responses: { 200: jsonAnswer("The flow and its spans.", flowResponseSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});

const exportRoute = createRoute({
  method: "get",
  path: "/api/flows/{traceId}/otlp",
  summary: "One flow's spans as they were recorded, as an OTLP/JSON request",
  description: "POST it to /v1/traces of another collector to have the flow there.",
  request: { params: flowParams },
  responses: { 200: jsonAnswer("An ExportTraceServiceRequest.", otlpSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});

const compareRoute = createRoute({
  method: "get",
  path: "/api/flows/{traceId}/compare/{otherTraceId}",
  summary: "Two flows side by side, each by any of its trace ids",
  description: "Which steps and hops only one of them has, how long each took, and which attributes differ.",
  request: { params: flowParams.extend({ otherTraceId: traceIdSchema.describe("Any trace id of the other flow.") }) },
  responses: { 200: jsonAnswer("What differs.", flowCompareResponseSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});

const JSON_HEADERS = { "content-type": "application/json", ...DATA_HEADERS };
/** Attributes of one comparison: more than differ between two flows of one kind. */
const ATTRIBUTES_COMPARED_MAX = 100;

interface FlowOf extends Pick<ReadFlows, "clocks"> {
  readonly traceId: string;
  /** The parameter that it came in. */
  readonly field?: string;
  readonly signal: AbortSignal;
}

/**
 * The flow of a trace.
 *
 * @throws ApiError where there is none, or where a bound hid it
 */
export async function flowOf(store: Store, { traceId, field = "traceId", clocks, signal }: FlowOf): Promise<BuiltFlow> {
  const cut = new CutNote();
  const [built] = await readFlows(storeSource(store), { traceIds: [traceId], clocks, signal, onCut: cut.onCut });
  if (built) return built;
  const { truncated } = cut.member;
  if (truncated) throw pastLimit(truncated.limit);
  throw new ApiError("not-found", `No spans of trace ${traceId} are stored.`, field);
}

/** The routes of flows. */
export function flowRoutes({ store, now }: ApiContext) {
  const streams = new FlowStreams(now);
  return apiRouter()
    .openapi(listRoute, async (context) => {
      const query = context.req.valid("query");
      const range = timeRange(query, now());
      return context.json(await listFlows(store, { ...query, ...range, signal: context.req.raw.signal }), 200);
    })
    .openapi(flowRoute, async (context) => {
      const { traceId } = context.req.valid("param");
      const built = await flowOf(store, { traceId, signal: context.req.raw.signal });
      const atOnce = () => context.json({ flow: built.flow, spans: [...built.spans] }, 200);
      if (built.spans.length <= SPANS_AT_ONCE_MAX) return atOnce();
      // The same answer as far as its types go.
      return new Response(streams.open(built), { headers: JSON_HEADERS }) as unknown as ReturnType<typeof atOnce>;
    })
    .openapi(compareRoute, async (context) => {
      const { traceId, otherTraceId } = context.req.valid("param");
      const { signal } = context.req.raw;
      const [one, other] = await Promise.all([
        flowOf(store, { traceId, field: "traceId", signal }),
        flowOf(store, { traceId: otherTraceId, field: "otherTraceId", signal }),
      ]);
      const truncated = one.flow.truncated ?? other.flow.truncated;
      const compared = {
        flow: summarize(one),
        other: summarize(other),
        steps: compareSteps(one.flow, other.flow),
        hops: compareHops(one.flow, other.flow),
        attributes: compareAttributes(one, other, ATTRIBUTES_COMPARED_MAX),
      };
      return context.json({ ...compared, ...(truncated && { truncated }) }, 200);
    })
    .openapi(exportRoute, async (context) => {
      const { traceId } = context.req.valid("param");
      const { signal } = context.req.raw;
      const built = await flowOf(store, { traceId, signal });
      const own = new Set(built.recorded.map((span) => span.traceId + span.spanId));
      const stored = await otlpSpans(store, { traceIds: built.flow.traceIds, limit: FLOW_SPANS_MAX, signal });
      const isCut = stored.length >= FLOW_SPANS_MAX;
      const truncated = built.flow.truncated ?? (isCut ? { limit: "spans", value: FLOW_SPANS_MAX } : undefined);
      context.header("Content-Disposition", `attachment; filename="flow-${built.flow.id}.json"`);
      const request = toOtlpRequest(stored.filter((span) => own.has(span.traceId + span.spanId)));
      return context.json({ ...request, ...(truncated && { truncated }) }, 200);
    });
}
