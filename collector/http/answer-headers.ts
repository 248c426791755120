/** What browsers and proxies must know of every answer that holds data. */
import type { MiddlewareHandler } from "hono";

/** Spans may hold what is nobody else's business, and change: no cache keeps them. None is taken for a page. */
export const DATA_HEADERS = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" } as const;

/** Sets {@link DATA_HEADERS}; the UI's files, which are no data, say otherwise. */
export const answerHeaders: MiddlewareHandler = async (context, next) => {
  for (const [name, value] of Object.entries(DATA_HEADERS)) context.header(name, value);
  await next();
};
