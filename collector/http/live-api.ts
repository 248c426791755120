/** `/api/live`: flows as they happen, by server-sent events. */
import { createRoute } from "@hono/zod-openapi";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { flowSearchQuerySchema, flowSummarySchema, type FlowListResponse } from "../../schema/api.ts";
import { ApiError, toApiError } from "./api-error.ts";
import { apiRouter, ERROR_ANSWERS, type ApiContext } from "./api-router.ts";
import { listFlows } from "./flow-list.ts";
import { SharedPolls } from "./shared-polls.ts";
import { checkDurations } from "./time-range.ts";

/** How often the store is asked, milliseconds: what a reader takes for at once. */
const INTERVAL_MS = 1_000;
/** A flow that began longer ago is no longer followed, milliseconds. */
const FOLLOWED_MS = 60_000;
/** Flows of which it is remembered what was sent. */
const REMEMBERED_MAX = 2_000;
/** After which a reader that there is nothing for hears that the connection lives, ms: proxies cut at 60 s. */
const HEARTBEAT_MS = 15_000;
/** Readers at a time; each may have a filter of its own, which is a search each second. */
export const LIVE_READERS_MAX = 100;

const liveRoute = createRoute({
  method: "get",
  path: "/api/live",
  summary: "Flows as they happen",
  description:
    "Server-sent events. `flow`: a flow's line of the list, sent again whenever it changes. `truncated`: the bound that " +
    "cut the list, sent where it is another one; `flows` where more than `limit` began within a minute, of which the " +
    "older ones are not sent. `error`: why the events end, in the form of an error's answer. A comment every 15 s " +
    "where there is nothing else.",
  request: { query: flowSearchQuerySchema.omit({ from: true, to: true, cursor: true }) },
  responses: {
    200: { description: "The events.", content: { "text/event-stream": { schema: flowSummarySchema } } },
    ...ERROR_ANSWERS,
  },
});

/** The live tail. Readers with equal filters share one search a second. */
export function liveRoutes({ store, now }: ApiContext) {
  const polls = new SharedPolls<FlowListResponse>({ intervalMs: INTERVAL_MS, readersMax: LIVE_READERS_MAX });
  return apiRouter().openapi(liveRoute, (context) => {
    const filter = context.req.valid("query");
    checkDurations(filter);
    const list = (signal: AbortSignal) => {
      const [from, to] = [now() - FOLLOWED_MS, now() + FOLLOWED_MS].map((ms) => new Date(ms).toISOString());
      return listFlows(store, { ...filter, from: from ?? "", to: to ?? "", signal });
    };
    const poll = polls.join(JSON.stringify(Object.entries(filter).sort()), list);
    if (!poll) throw new ApiError("unavailable", `There are ${String(LIVE_READERS_MAX)} live readers already.`);
    const { signal } = context.req.raw;
    signal.addEventListener("abort", () => poll.leave());
    // Of nginx, which would keep events back until there are enough of them.
    context.header("X-Accel-Buffering", "no");
    return streamSSE(context, async (stream) => {
      stream.onAbort(() => poll.leave());
      try {
        const send = sender(stream);
        let heardMs = now();
        await stream.write(HEARTBEAT);
        while (!stream.aborted && !signal.aborted) {
          const isNews = await send(await poll.latest());
          if (isNews) heardMs = now();
          else if (now() - heardMs >= HEARTBEAT_MS) {
            await stream.write(HEARTBEAT);
            heardMs = now();
          }
          await stream.sleep(INTERVAL_MS);
        }
      } catch (error) {
        const { code, message } = toApiError(error as Error);
        await stream.writeSSE({ event: "error", data: JSON.stringify({ error: { code, message } }) });
      } finally {
        poll.leave();
      }
    });
  });
}

/** A comment, which readers pass over. */
const HEARTBEAT = ": here\n\n";

/** Sends what one reader has not got yet, and says whether that was anything. */
function sender(stream: SSEStreamingApi): (list: FlowListResponse) => Promise<boolean> {
  const sent = new Map<string, string>();
  let cut: string | undefined;
  return async ({ flows, nextCursor, truncated: bound }) => {
    // A page has the newest; what began a minute ago at most and is on no page is not followed.
    const truncated = bound ?? (nextCursor === undefined ? undefined : { limit: "flows", value: flows.length });
    let isNews = false;
    for (const flow of flows.toReversed()) {
      const data = JSON.stringify(flow);
      if (sent.get(flow.id) === data) continue;
      remember(sent, flow.id, data);
      await stream.writeSSE({ event: "flow", id: flow.id, data });
      isNews = true;
    }
    const data = truncated && JSON.stringify(truncated);
    if (data !== undefined && data !== cut) await stream.writeSSE({ event: "truncated", data });
    cut = data;
    return isNews;
  };
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
