/** Errors of the query API: every 4xx and 5xx answer is JSON and names the field at fault. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import type { ErrorResponse } from "../../schema/api.ts";
import { StoreError } from "../store/store.ts";

/** What a client is asked to wait while the store is away, seconds. */
const retryAfterS = 2;

/** What nginx calls a request whose client hung up. */
const READER_GONE = 499;

/** A request that cannot be answered as it is. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorResponse["error"]["code"];
  readonly field: string | undefined;

  constructor(code: ErrorResponse["error"]["code"], message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** A parameter has a value that is not allowed; `message` says what is. */
export function invalid(field: string, message: string): ApiError {
  return new ApiError("invalid", `${field}: ${message}`, field);
}

/** A query ended at a bound without anything to show. */
export function pastLimit(limit: string): ApiError {
  return invalid("request", `went past the limit of ${limit}: take a shorter time range or a narrower filter`);
}

const STATUS_OF = {
  invalid: 400,
  unauthorized: 401,
  "not-found": 404,
  "method-not-allowed": 405,
  internal: 500,
  unavailable: 503,
} as const;

/** Answers what a route threw; the text of an error that nobody foresaw is for failure-log.ts alone. */
export function answerError(error: Error, context: Context): Response {
  return answerFailure(error, context, ({ code, message, field }): ErrorResponse => {
    return { error: { code, message, ...(field !== undefined && { field }) } };
  });
}

type FailureStatus = (typeof STATUS_OF)[keyof typeof STATUS_OF];

/** The same in another form of body. */
export function answerFailure(
  error: Error,
  context: Context,
  bodyOf: (known: ApiError, status: FailureStatus) => object,
): Response {
  // Nobody reads the answer: what a stopped query threw is no failure.
  if (context.req.raw.signal.aborted) return new Response(null, { status: READER_GONE });
  const known = toApiError(error);
  if (known.code === "unavailable") context.header("Retry-After", String(retryAfterS));
  const status = STATUS_OF[known.code];
  return context.json(bodyOf(known, status), status);
}

/** What an error is to a reader of the API. */
export function toApiError(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  // Thrown by Hono itself, for a body that is no JSON.
  if (error instanceof HTTPException && error.status === 400) return invalid("body", `is not JSON (${error.message})`);
  if (!(error instanceof StoreError)) return new ApiError("internal", "The collector failed; its log says why.");
  const limit = LIMIT_CODES.get(error.code);
  if (limit !== undefined) {
    return pastLimit(limit);
  }
  if (error.retryable) return new ApiError("unavailable", "The store does not answer; it is tried again.");
  return new ApiError("internal", "The store refused the query; the collector's log says why.");
}

/** ClickHouse's TOO_MANY_ROWS, TIMEOUT_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_MANY_BYTES. */
const LIMIT_CODES: ReadonlyMap<number, string> = new Map([
  [158, "rows"],
  [159, "time"],
  [241, "memory"],
  [307, "bytes"],
]);

/** The first thing that is wrong with a request, as an {@link ApiError}. */
export function fromZod(error: z.core.$ZodError, value: unknown): ApiError {
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    return invalid(issue.keys[0] ?? "request", "is not known here; /api/openapi.json has what is");
  }
  const field = issue?.path.join(".") ?? "";
  const got = JSON.stringify(valueAt(value, issue?.path ?? []))?.slice(0, 100) ?? "nothing";
  return invalid(field === "" ? "request" : field, `${issue?.message ?? "is not valid"} (got ${got})`);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
