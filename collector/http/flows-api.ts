/** `/api/flows`. */
import { createRoute, z } from "@hono/zod-openapi";
import { flowListResponseSchema, flowSearchQuerySchema } from "../../schema/api.ts";
import { flowResponseSchema, traceIdSchema } from "../../schema/flow.ts";
import { ApiError } from "./api-error.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, NOT_FOUND_ANSWER, type ApiContext } from "./api-router.ts";
import { listFlows } from "./flow-list.ts";
import { readFlows, storeSource } from "./flow-reader.ts";
import { toOtlp } from "./otlp-export.ts";
import { timeRange } from "./time-range.ts";

const otlpSchema = z.object({ resourceSpans: z.array(z.record(z.string(), z.unknown())) });

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
  request: { params: z.object({ traceId: traceIdSchema }) },
  responses: { 200: jsonAnswer("The flow and its spans.", flowResponseSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});

const exportRoute = createRoute({
  method: "get",
  path: "/api/flows/{traceId}/otlp",
  summary: "One flow's spans as they were recorded, as an OTLP/JSON request",
  description: "POST it to /v1/traces of another collector to have the flow there.",
  request: { params: z.object({ traceId: traceIdSchema }) },
  responses: { 200: jsonAnswer("An ExportTraceServiceRequest.", otlpSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});

/** The routes of flows. */
export function flowRoutes({ store, now }: ApiContext) {
  return apiRouter()
    .openapi(listRoute, async (context) => {
      const query = context.req.valid("query");
      const range = timeRange(query, now());
      return context.json(await listFlows(store, { ...query, ...range, signal: context.req.raw.signal }), 200);
    })
    .openapi(flowRoute, async (context) => {
      const { traceId } = context.req.valid("param");
      const [built] = await readFlows(storeSource(store), { traceIds: [traceId], signal: context.req.raw.signal });
      if (built === undefined) throw new ApiError("not-found", `No spans of trace ${traceId} are stored.`, "traceId");
      return context.json({ flow: built.flow, spans: [...built.spans] }, 200);
    })
    .openapi(exportRoute, async (context) => {
      const { traceId } = context.req.valid("param");
      const [built] = await readFlows(storeSource(store), { traceIds: [traceId], signal: context.req.raw.signal });
      if (built === undefined) throw new ApiError("not-found", `No spans of trace ${traceId} are stored.`, "traceId");
      context.header("Content-Disposition", `attachment; filename="flow-${built.flow.id}.json"`);
      return context.json(toOtlp(built.recorded), 200);
    });
}
