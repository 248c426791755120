/** The form that the answers of Jaeger's version 1 have, errors too. */
import type { Context, Hono, MiddlewareHandler } from "hono";
import type { Truncated } from "../../../schema/api.ts";
import { otherMethods } from "../allowed-methods.ts";
import { answerFailure, toApiError } from "../api-error.ts";
import { JaegerError } from "./parameters.ts";

/** An answer with data. */
export function envelope(
  context: Context,
  data: unknown,
  { total = 0, errors, ...more }: { total?: number; errors?: object; truncated?: Truncated } = {},
): Response {
  return context.json({ ...envelopeOf(data, { total, errors: errors ?? null }), ...more });
}

function envelopeOf(data: unknown, { total, errors }: { readonly total: number; readonly errors: object | null }) {
  return { data, total, limit: 0, offset: 0, errors };
}

/** An answer that says what is wrong. */
export function answerJaegerError(error: Error, context: Context): Response {
  const bodyOf = ({ message }: Error, code: number) => envelopeOf(null, { total: 0, errors: [{ code, msg: message }] });
  const known = knownToJaeger(error);
  if (known === undefined) return answerFailure(error, context, bodyOf);
  return context.json(bodyOf(known, known.status), known.status);
}

/** Indents the answer of whoever asks with `prettyPrint`, for people. */
export const prettyPrint: MiddlewareHandler = async (context, next) => {
  await next();
  const { prettyPrint: asked = "false" } = context.req.query();
  if (asked === "false" || asked === "" || context.res.body === null) return;
  context.res = new Response(JSON.stringify(await context.res.json(), null, 2), context.res);
};

/** The error in Jaeger's terms, where the request is at fault: also for asking past a bound of the store. */
export function knownToJaeger(error: Error): JaegerError | undefined {
  if (error instanceof JaegerError) return error;
  const { code, message } = toApiError(error);
  return code === "invalid" ? new JaegerError(400, message) : undefined;
}

/** What a request is told that none of the routes answers; they are served below `/jaeger`, too. */
export function noRoute(context: Context, routes: Hono["routes"]): JaegerError {
  const { method, path } = context.req;
  const other = otherMethods(context, routes, path.replace(/^\/jaeger(?=\/)/, ""));
  return other === undefined ? new JaegerError(404, `${method} ${path} is not a route`) : new JaegerError(405, other);
}
