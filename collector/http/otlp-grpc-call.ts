/**
 * One unary gRPC call on an HTTP/2 stream: its message in, its message or its status out.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { CONTENT_ENCODINGS, decompress, tooLargeMessage } from "../ingest/decompress.ts";
import { malformed, OtlpError, rpcCode, tooLarge } from "../ingest/errors.ts";
import { requestSizeMaxBytes } from "../ingest/limits.ts";
import { statusBody } from "../ingest/otlp-answer.ts";
import type { HeldBytes } from "../ingest/receive.ts";

/** In front of a message: whether it is compressed, and its length in 32 bits. */
const PREFIX_BYTES = 5;
/** After the end of a call without its message, a cancellation may still be on its way, ms. */
const resetGraceMs = 20;
const HEADERS = {
  ":status": 200,
  "content-type": "application/grpc+proto",
  // The other names of one encoding are HTTP's alone.
  "grpc-accept-encoding": ["identity", ...CONTENT_ENCODINGS.filter((name) => !name.startsWith("x-"))].join(","),
};

/**
 * Reads the call's only message and undoes its compression; what has come is counted in `held` as it comes.
 *
 * @throws OtlpError too large, no room, no or more than one message, an unknown compression, damaged bytes, hung up
 */
export async function readMessage(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  held: HeldBytes,
): Promise<Buffer> {
  const framed = await readFramed(stream, held);
  const message = framed.subarray(PREFIX_BYTES);
  if (framed[0] === 0) return message;
  const encoding = headers["grpc-encoding"];
  if (typeof encoding !== "string") throw malformed("a message is compressed, and no grpc-encoding says how");
  return decompress(message, encoding, held.add);
}

/** Answers the call with a message, and OK. */
export function answerMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (isGone(stream)) return;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond(HEADERS, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}

/** Ends the call with a status, whose details say when to come again; the client is told to send no more of it. */
export function answerRefusal(stream: ServerHttp2Stream, refusal: OtlpError): void {
  if (isGone(stream)) return;
  const details = Buffer.from(statusBody(refusal, "protobuf")).toString("base64");
  stream.respond(
    {
      ...HEADERS,
      "grpc-status": String(refusal.rpcCode),
      "grpc-message": percentEncoded(refusal.message),
      "grpc-status-details-bin": details,
    },
    { endStream: true },
  );
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** The client may be gone, or the server closing. */
function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.headersSent;
}

/** The message with its prefix. */
function readFramed(stream: ServerHttp2Stream, held: HeldBytes): Promise<Buffer> {
  return new Promise((settle, fail) => {
    let chunks: Buffer[] = [];
    let sizeBytes = 0;
    let expectedBytes: number | undefined;
    const stop = (error: unknown) => {
      chunks = [];
      stream.removeAllListeners("data");
      fail(error instanceof Error ? error : new Error(String(error)));
    };
    // It was reset in the packet that began it: no event comes any more.
    if (stream.destroyed || stream.closed) return stop(hungUp());
    stream.on("data", (chunk: Buffer) => {
      try {
        held.add(chunk.length);
        chunks.push(chunk);
        sizeBytes += chunk.length;
        if (sizeBytes >= PREFIX_BYTES) expectedBytes ??= framedSizeBytes(Buffer.concat(chunks, PREFIX_BYTES));
        if (sizeBytes > (expectedBytes ?? PREFIX_BYTES)) throw oneMessage();
      } catch (error) {
        stop(error);
      }
    });
    stream.on("end", () => {
      if (sizeBytes > 0 && sizeBytes === expectedBytes) return settle(Buffer.concat(chunks, sizeBytes));
      // A call that is cancelled ends first, and is closed by what comes next.
      setTimeout(() => {
        stop(sizeBytes === 0 ? oneMessage() : malformed("the call ended before its message did"));
      }, resetGraceMs);
    });
    stream.on("close", () => stop(hungUp()));
  });
}

/** Length of the message with its prefix. Throws where it is too large. */
function framedSizeBytes(prefix: Buffer): number {
  const sizeBytes = prefix.readUInt32BE(1);
  if (sizeBytes > requestSizeMaxBytes) throw tooLarge(tooLargeMessage("message"));
  return PREFIX_BYTES + sizeBytes;
}

/** As gRPC wants it in a header: ASCII that can be seen, but for `%`. */
function percentEncoded(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replace(/[^\x20-\x24\x26-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function oneMessage(): OtlpError {
  const form = { httpStatus: 400, rpcCode: rpcCode.unimplemented, reason: "malformed" } as const;
  return new OtlpError("a call has one message, no more and no less", form);
}

function hungUp(): OtlpError {
  const form = { httpStatus: 400, rpcCode: rpcCode.invalidArgument, reason: "hung-up" } as const;
  return new OtlpError("the call was cancelled before its message was there", form);
}
