/** The form that the answers of Jaeger's version 1 have, errors too. */
import type { Context } from "hono";
import { answerError, toApiError } from "../api-error.ts";
import { JaegerError } from "./parameters.ts";

/** An answer with data. */
export function envelope(
  context: Context,
  data: unknown,
  { total = 0, errors }: { total?: number; errors?: object } = {},
): Response {
  return context.json({ data, total, limit: 0, offset: 0, errors: errors ?? null });
}

/** An answer that says what is wrong; what is the collector's own is answered as everywhere. */
export function answerJaegerError(error: Error, context: Context): Response {
  const known = knownToJaeger(error);
  if (known === undefined) return answerError(error, context);
  const errors = [{ code: known.status, msg: known.message }];
  return context.json({ data: null, total: 0, limit: 0, offset: 0, errors }, known.status);
}

/** The error in Jaeger's terms, where the request is at fault: also for asking past a bound of the store. */
export function knownToJaeger(error: Error): JaegerError | undefined {
  if (error instanceof JaegerError) return error;
  const { code, message } = toApiError(error);
  return code === "invalid" ? new JaegerError(400, message) : undefined;
}
