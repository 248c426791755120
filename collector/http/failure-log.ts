/** Tells the log of every request that failed through the collector's own fault: the reader is told no details. */
import type { MiddlewareHandler } from "hono";
import type { Log } from "../store/log.ts";

/** Logs the error behind each answer with status 500. */
export function failureLog(log: Log): MiddlewareHandler {
  return async (context, next) => {
    await next();
    if (context.error === undefined || context.res.status !== 500) return;
    log.error({ method: context.req.method, path: context.req.path, error: context.error }, "a request failed");
  };
}
