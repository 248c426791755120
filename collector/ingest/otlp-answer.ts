/** Bodies of OTLP's answers, in the encoding of the request. */
import type { OtlpError } from "./errors.ts";
import { rpcCode } from "./errors.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import type { OtlpEncoding, Received } from "./receive.ts";

const BAD_REQUEST_TYPE = "type.googleapis.com/google.rpc.BadRequest";

/** Content type of a body in this encoding. */
export function contentTypeOf(encoding: OtlpEncoding): string {
  return encoding === "json" ? "application/json" : "application/x-protobuf";
}

/** `ExportTraceServiceResponse`; `partial_success` is set only where there is something to say. */
export function exportResponse({ rejected, rejectMessage }: Received, encoding: OtlpEncoding): Uint8Array<ArrayBuffer> {
  const partial = rejected > 0 || rejectMessage !== "";
  if (encoding === "json") {
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: rejectMessage };
    return Buffer.from(JSON.stringify(partial ? { partialSuccess } : {}));
  }
  const writer = new ProtobufWriter();
  if (partial) {
    writer.message(1, () => {
      if (rejected > 0) writer.varint(1, BigInt(rejected));
      if (rejectMessage !== "") writer.string(2, rejectMessage);
    });
  }
  return writer.end();
}

/** `google.rpc.Status`; bad data is described by a `BadRequest` in its details. */
export function statusBody(error: OtlpError, encoding: OtlpEncoding): Uint8Array<ArrayBuffer> {
  const badRequest = error.rpcCode === rpcCode.invalidArgument;
  if (encoding === "json") {
    const details = [{ "@type": BAD_REQUEST_TYPE, fieldViolations: [{ description: error.message }] }];
    return Buffer.from(
      JSON.stringify({ code: error.rpcCode, message: error.message, ...(badRequest && { details }) }),
    );
  }
  const writer = new ProtobufWriter();
  writer.varint(1, BigInt(error.rpcCode));
  writer.string(2, error.message);
  if (badRequest) {
    const details = new ProtobufWriter();
    details.message(1, () => details.string(2, error.message));
    writer.message(3, () => {
      writer.string(1, BAD_REQUEST_TYPE);
      writer.bytes(2, details.end());
    });
  }
  return writer.end();
}
