/** Bodies of OTLP's answers, in the encoding of the request. */
import type { OtlpError } from "./errors.ts";
import { rpcCode } from "./errors.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import type { OtlpEncoding, Received } from "./received.ts";

const BAD_REQUEST_TYPE = "type.googleapis.com/google.rpc.BadRequest";
const RETRY_INFO_TYPE = "type.googleapis.com/google.rpc.RetryInfo";

/** Content type of a body in this encoding. */
export function contentTypeOf(encoding: OtlpEncoding): string {
  return encoding === "json" ? "application/json" : "application/x-protobuf";
}

/** An answer that says that all was taken, as nearly all do. */
const ALL_TAKEN = new Uint8Array(0);

/** What a partial success counts, as OTLP/JSON names it; in protobuf both have the same number. */
type RejectedMember = "rejectedSpans" | "rejectedDataPoints";

/** `Export...ServiceResponse`; `partial_success` is set only where there is something to say. */
export function exportResponse(
  { rejected, rejectMessage }: Received,
  encoding: OtlpEncoding,
  member: RejectedMember = "rejectedSpans",
): Uint8Array<ArrayBuffer> {
  const partial = rejected > 0 || rejectMessage !== "";
  if (encoding === "json") {
    const partialSuccess = { [member]: String(rejected), errorMessage: rejectMessage };
    return Buffer.from(JSON.stringify(partial ? { partialSuccess } : {}));
  }
  if (!partial) return ALL_TAKEN;
  const writer = new ProtobufWriter();
  writer.message(1, () => {
    if (rejected > 0) writer.varint(1, BigInt(rejected));
    if (rejectMessage !== "") writer.string(2, rejectMessage);
  });
  return writer.end();
}

/**
 * `google.rpc.Status`: bad data is described by a `BadRequest` in its details, and a refusal that may be repeated by
 * a `RetryInfo`, which is what gRPC clients wait by.
 */
export function statusBody(error: OtlpError, encoding: OtlpEncoding): Uint8Array<ArrayBuffer> {
  const badRequest = error.rpcCode === rpcCode.invalidArgument;
  if (encoding === "json") {
    const details = badRequest
      ? [{ "@type": BAD_REQUEST_TYPE, fieldViolations: [{ description: error.message }] }]
      : error.retryAfterS !== undefined
        ? [{ "@type": RETRY_INFO_TYPE, retryDelay: `${String(error.retryAfterS)}s` }]
        : undefined;
    return Buffer.from(JSON.stringify({ code: error.rpcCode, message: error.message, ...(details && { details }) }));
  }
  const writer = new ProtobufWriter();
  writer.varint(1, BigInt(error.rpcCode));
  writer.string(2, error.message);
  const detail = new ProtobufWriter();
  if (badRequest) detail.message(1, () => detail.string(2, error.message));
  else if (error.retryAfterS !== undefined) {
    const seconds = BigInt(error.retryAfterS);
    detail.message(1, () => detail.varint(1, seconds));
  } else return writer.end();
  writer.message(3, () => {
    writer.string(1, badRequest ? BAD_REQUEST_TYPE : RETRY_INFO_TYPE);
    writer.bytes(2, detail.end());
  });
  return writer.end();
}
