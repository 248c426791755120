/** What the view of a flow asks for: the flow without what only a closer look shows, and one span whole. */
import { createRoute, z } from "@hono/zod-openapi";
import { flowOutlineQuerySchema, flowOutlineSchema, outlineOf } from "../../schema/flow-outline.ts";
import { spanIdSchema, spanSchema, traceIdSchema } from "../../schema/flow.ts";
import { spanOfTrace } from "../store/queries/spans-of-traces.ts";
import { ApiError } from "./api-error.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, NOT_FOUND_ANSWER, type ApiContext } from "./api-router.ts";
import { flowOf, flowParams } from "./flows-api.ts";

const outlineRoute = createRoute({
  method: "get",
  path: "/api/flows/{traceId}/outline",
  summary: "One flow as its view draws it, by any of its trace ids",
  description: "The flow, and of its spans what a waterfall draws, in columns. Attributes and events are left out.",
  request: { params: flowParams, query: flowOutlineQuerySchema },
  responses: { 200: jsonAnswer("The outline.", flowOutlineSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});

/** Which span is meant, where a trace has several of one id. */
const sameIdQuerySchema = z.strictObject({
  kind: spanSchema.shape.kind.optional().describe("Its kind, where the trace has several spans of that id."),
  service: z.string().optional().describe("Its `service.name`, where the trace has several spans of that id."),
});

const spanRoute = createRoute({
  method: "get",
  path: "/api/spans/{traceId}/{spanId}",
  summary: "One span, as it was sent",
  request: {
    params: z.object({
      traceId: traceIdSchema.describe("The span's trace."),
      spanId: spanIdSchema.describe("The span."),
    }),
    query: sameIdQuerySchema,
  },
  responses: {
    200: jsonAnswer("The span.", z.object({ span: spanSchema })),
    ...ERROR_ANSWERS,
    ...NOT_FOUND_ANSWER,
  },
});

/** The routes of a flow's view. */
export function flowOutlineRoutes({ store }: ApiContext) {
  return apiRouter()
    .openapi(outlineRoute, async (context) => {
      const { traceId } = context.req.valid("param");
      const { clocks } = context.req.valid("query");
      return context.json(outlineOf(await flowOf(store, { traceId, clocks, signal: context.req.raw.signal })), 200);
    })
    .openapi(spanRoute, async (context) => {
      const { traceId, spanId } = context.req.valid("param");
      const which = context.req.valid("query");
      const span = await spanOfTrace(store, { traceId, spanId, ...which, signal: context.req.raw.signal });
      if (span) return context.json({ span }, 200);
      throw new ApiError("not-found", `No span ${spanId} of trace ${traceId} is stored.`, "spanId");
    });
}
