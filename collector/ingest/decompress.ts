/** Undoes a request's Content-Encoding, up to the size limit. */
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { malformed, OtlpError, rpcCode, tooLarge } from "./errors.ts";
import { requestSizeMaxBytes } from "./limits.ts";

/** Makes the stream that undoes an encoding; deflate's depends on the body. */
type Undo = (body: Uint8Array) => Transform;

/** Output is made in pieces of this size; each costs a turn through the thread pool, bytes. */
const options = { chunkSize: 256 * 1024 };

const gunzip: Undo = () => zlib.createGunzip(options);

const UNDO: ReadonlyMap<string, Undo> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflateEither],
  // Node has zstd from 22.15 and 23.8 on.
  ...("createZstdDecompress" in zlib ? ([["zstd", () => zlib.createZstdDecompress(options)]] as const) : []),
]);

/**
 * The body without its content encoding (`gzip`, `deflate`, `zstd` where Node has it, `identity`).
 *
 * @param count told of each piece's bytes before the next is made, so that many bodies that unfold at a time are
 *   bounded together; what it throws ends this one
 * @throws OtlpError 415 unknown encoding, 413 too large once decompressed, 400 where the bytes are damaged
 */
export async function decompress(
  body: Buffer,
  contentEncoding: string | undefined,
  count: (sizeBytes: number) => void,
): Promise<Buffer> {
  const encoding = (contentEncoding ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return body;
  const undo = UNDO.get(encoding);
  if (!undo) {
    const known = [...UNDO.keys()].join(", ");
    throw new OtlpError(`Content-Encoding "${encoding.slice(0, 50)}" is not supported; use one of: ${known}`, {
      httpStatus: 415,
      rpcCode: rpcCode.unimplemented,
      reason: "content-encoding",
    });
  }
  try {
    return await unfold(undo(body), body, count);
  } catch (error) {
    if (error instanceof OtlpError) throw error;
    throw malformed(`body is not ${encoding}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** What a client reads whose body is above the limit. */
export function tooLargeMessage(what: string): string {
  return `${what} is larger than ${String(requestSizeMaxBytes)} bytes; send fewer spans in a request`;
}

function unfold(stream: Transform, body: Uint8Array, count: (sizeBytes: number) => void): Promise<Buffer> {
  return new Promise((settle, fail) => {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    stream.on("data", (piece: Buffer) => {
      try {
        sizeBytes += piece.length;
        if (sizeBytes > requestSizeMaxBytes) throw tooLarge(tooLargeMessage("decompressed body"));
        count(piece.length);
        pieces.push(piece);
      } catch (error) {
        // Its memory goes now, and not once the last piece would have come.
        pieces.length = 0;
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.on("error", fail);
    stream.on("end", () => {
      const [only] = pieces;
      settle(pieces.length === 1 && only ? only : Buffer.concat(pieces, sizeBytes));
    });
    stream.end(body);
  });
}

/** `deflate` means zlib's form; some clients send the bare one. */
function inflateEither(body: Uint8Array): Transform {
  const looksLikeZlib = (body[0] ?? 0) % 16 === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0;
  return looksLikeZlib ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}
