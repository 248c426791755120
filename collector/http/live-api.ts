/** `/api/live`: flows as they happen, by server-sent events. */
import { createRoute } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { flowSearchQuerySchema, flowSummarySchema } from "../../schema/api.ts";
import { apiRouter, ERROR_ANSWERS, type ApiContext } from "./api-router.ts";
import { listFlows } from "./flow-list.ts";
import { checkDurations } from "./time-range.ts";

/** How often the store is asked, milliseconds: what a reader takes for at once. */
const INTERVAL_MS = 1_000;
/** A flow that began longer ago is no longer followed, milliseconds. */
const FOLLOWED_MS = 60_000;
/** Flows of which it is remembered what was sent. */
const REMEMBERED_MAX = 2_000;

const liveRoute = createRoute({
  method: "get",
  path: "/api/live",
  summary: "Flows as they happen",
  description: "Server-sent events named `flow`, each a flow's line of the list, sent again whenever it changes.",
  request: { query: flowSearchQuerySchema.omit({ from: true, to: true, cursor: true }) },
  responses: {
    200: { description: "The events.", content: { "text/event-stream": { schema: flowSummarySchema } } },
    ...ERROR_ANSWERS,
  },
});

/** The live tail. */
export function liveRoutes({ store, now }: ApiContext) {
  return apiRouter().openapi(liveRoute, (context) => {
    const filter = context.req.valid("query");
    checkDurations(filter);
    const { signal } = context.req.raw;
    return streamSSE(context, async (stream) => {
      const sent = new Map<string, string>();
      while (!stream.aborted && !signal.aborted) {
        const range = {
          from: new Date(now() - FOLLOWED_MS).toISOString(),
          to: new Date(now() + FOLLOWED_MS).toISOString(),
        };
        const { flows } = await listFlows(store, { ...filter, ...range, signal });
        for (const flow of flows.toReversed()) {
          const data = JSON.stringify(flow);
          if (sent.get(flow.id) === data) continue;
          remember(sent, flow.id, data);
          await stream.writeSSE({ event: "flow", id: flow.id, data });
        }
        await stream.sleep(INTERVAL_MS);
      }
    });
  });
}

/** The oldest is forgotten first. */
function remember(sent: Map<string, string>, id: string, data: string): void {
  sent.delete(id);
  sent.set(id, data);
  for (const oldest of sent.keys()) {
    if (sent.size <= REMEMBERED_MAX) return;
    sent.delete(oldest);
  }
}
