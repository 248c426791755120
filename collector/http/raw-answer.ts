/** An answer of HTTP/1.1 for a connection on which no request could be read. */
import { STATUS_CODES } from "node:http";
import { OtlpError, rpcCode } from "../ingest/errors.ts";
import { contentTypeOf, statusBody } from "../ingest/otlp-answer.ts";
import type { OtlpEncoding } from "../ingest/received.ts";

/** A `Status` that says what is wrong, whole, after which the connection is closed. */
export function rawAnswer(httpStatus: number, message: string, encoding: OtlpEncoding): Buffer {
  const form = { httpStatus, rpcCode: rpcCode.invalidArgument, reason: "malformed" } as const;
  const body = statusBody(new OtlpError(message, form), encoding);
  const lines = [
    `HTTP/1.1 ${String(httpStatus)} ${STATUS_CODES[httpStatus] ?? ""}`,
    `Content-Type: ${contentTypeOf(encoding)}`,
    `Content-Length: ${String(body.length)}`,
    "Connection: close",
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}
