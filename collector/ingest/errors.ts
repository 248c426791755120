/** Why a request was not taken; each knows its HTTP and gRPC form. */
import type { RefusalReason } from "./refusal-reasons.ts";

/** Codes of google.rpc.Code that the ingestion answers with. */
export const rpcCode = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A request that is answered with an error and a `Status` in its own encoding. */
export class OtlpError extends Error {
  override readonly name = "OtlpError";
  readonly httpStatus: number;
  readonly rpcCode: number;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterS: number | undefined;
  /** A word for metrics. */
  readonly reason: RefusalReason;

  constructor(
    message: string,
    form: {
      httpStatus: number;
      rpcCode: number;
      reason: RefusalReason;
      retryAfterS?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: form.cause });
    this.httpStatus = form.httpStatus;
    this.rpcCode = form.rpcCode;
    this.reason = form.reason;
    this.retryAfterS = form.retryAfterS;
  }
}

/** The body is not what its content type says; a repeat fails the same. */
export function malformed(message: string, cause?: unknown): OtlpError {
  return new OtlpError(message, {
    httpStatus: 400,
    rpcCode: rpcCode.invalidArgument,
    reason: "malformed",
    cause,
  });
}

/** The body is larger than allowed, as sent or once decompressed. */
export function tooLarge(message: string): OtlpError {
  return new OtlpError(message, { httpStatus: 413, rpcCode: rpcCode.resourceExhausted, reason: "too-large" });
}

/** Nothing is wrong with the request; there is no room for it now. */
export function unavailable(message: string, retryAfterS: number, reason: RefusalReason): OtlpError {
  return new OtlpError(message, { httpStatus: 503, rpcCode: rpcCode.unavailable, reason, retryAfterS });
}
