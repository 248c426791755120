/** `/api/functions`. */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { functionListResponseSchema, timeRangeQuerySchema } from "../../schema/api.ts";
import { functionTotals } from "../store/queries/functions.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, type ApiContext } from "./api-router.ts";
import { timeRange } from "./time-range.ts";

const listRoute = createRoute({
  method: "get",
  path: "/api/functions",
  summary: "Functions with their totals, the busiest first",
  description: "From the rollup by minute: `from` is taken down to its minute.",
  request: { query: timeRangeQuerySchema },
  responses: { 200: jsonAnswer("Every function that ran.", functionListResponseSchema), ...ERROR_ANSWERS },
});

/** The routes of functions. */
export function functionRoutes({ store, now }: ApiContext): OpenAPIHono {
  return apiRouter().openapi(listRoute, async (context) => {
    const range = timeRange(context.req.valid("query"), now());
    const functions = await functionTotals(store, { ...range, signal: context.req.raw.signal });
    return context.json({ functions }, 200);
  });
}
