/** The form that the answers of Jaeger's version 1 have, errors too. */
import type { Context } from "hono";
import type { JaegerError } from "./parameters.ts";

/** An answer with data. */
export function envelope(
  context: Context,
  data: unknown,
  { total = 0, errors }: { total?: number; errors?: object } = {},
): Response {
  return context.json({ data, total, limit: 0, offset: 0, errors: errors ?? null });
}

/** An answer that says what is wrong. */
export function answerJaegerError({ status, message }: JaegerError, context: Context): Response {
  const errors = [{ code: status, msg: message }];
  return context.json({ data: null, total: 0, limit: 0, offset: 0, errors }, status);
}
