/** Undoes a request's Content-Encoding, up to the size limit. */
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { malformed, OtlpError, rpcCode, tooLarge } from "./errors.ts";
import { requestSizeMaxBytes } from "./limits.ts";

/** A stream of `node:zlib`, which knows how much of its input it used. */
type Unfolding = Transform & { readonly bytesWritten: number };

/** Undoes one encoding. */
interface Undo {
  /** Makes the stream; deflate's depends on the body. */
  readonly stream: (body: Uint8Array) => Unfolding;
  /** What may follow the end: padding of zeros, more of the same, or nothing. */
  readonly after: "zeros" | "frames" | "nothing";
}

/** Output is made in pieces of this size; each costs a turn through the thread pool, bytes. */
const options = { chunkSize: 256 * 1024 };

/** Frames of zstd in one body: each costs a stream, and those who write several write one for megabytes. */
const framesMax = 1_024;

/** What a frame of zstd may look back on, as a power of two: 8 MiB, as RFC 9659 has it, and so a bound on memory. */
const zstdWindowLogMax = 23;

const gunzip: Undo = { stream: () => zlib.createGunzip(options), after: "zeros" };

const UNDO: ReadonlyMap<string, Undo> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", { stream: inflateEither, after: "nothing" }],
  // Node has zstd from 22.15 and 23.8 on.
  ...("createZstdDecompress" in zlib ? ([["zstd", { stream: unzstd, after: "frames" }]] as const) : []),
]);

/** What `decompress` undoes, for a client whose encoding it does not. */
export const CONTENT_ENCODINGS: readonly string[] = [...UNDO.keys()];

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
    const known = CONTENT_ENCODINGS.join(", ");
    throw new OtlpError(`Content-Encoding "${encoding.slice(0, 50)}" is not supported; use one of: ${known}`, {
      httpStatus: 415,
      rpcCode: rpcCode.unimplemented,
      reason: "content-encoding",
    });
  }
  try {
    return await unfoldAll(undo, body, count);
  } catch (error) {
    if (error instanceof OtlpError) throw error;
    throw malformed(`body is not ${encoding}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** What a client reads whose body is above the limit. */
export function tooLargeMessage(what: string): string {
  return `${what} is larger than ${String(requestSizeMaxBytes)} bytes; send fewer spans in a request`;
}

/** What the whole body holds: what follows an end is looked at, as it would be lost and acknowledged otherwise. */
async function unfoldAll({ stream, after }: Undo, body: Buffer, count: (sizeBytes: number) => void): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  let rest = body;
  const take = (piece: Buffer) => {
    sizeBytes += piece.length;
    if (sizeBytes > requestSizeMaxBytes) throw tooLarge(tooLargeMessage("decompressed body"));
    count(piece.length);
    pieces.push(piece);
  };
  for (let frames = 1; ; frames += 1) {
    rest = rest.subarray(await unfold(stream(rest), rest, take));
    if (rest.length === 0 || (after === "zeros" && rest.every((byte) => byte === 0))) break;
    if (after !== "frames") throw new Error(`${String(rest.length)} bytes follow its end`);
    if (frames === framesMax) throw new Error(`it has more than ${String(framesMax)} frames`);
  }
  const [only] = pieces;
  return pieces.length === 1 && only ? only : Buffer.concat(pieces, sizeBytes);
}

/** Hands on what `body` holds up to its first end; how many bytes that took. */
function unfold(stream: Unfolding, body: Uint8Array, take: (piece: Buffer) => void): Promise<number> {
  return new Promise((settle, fail) => {
    stream.on("data", (piece: Buffer) => {
      try {
        take(piece);
      } catch (error) {
        // Its memory goes now, and not once the last piece would have come.
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.on("error", fail);
    stream.on("end", () => settle(stream.bytesWritten));
    stream.end(body);
  });
}

function unzstd(): Unfolding {
  return zlib.createZstdDecompress({ ...options, params: { [zlib.constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } });
}

/** `deflate` means zlib's form; some clients send the bare one. */
function inflateEither(body: Uint8Array): Unfolding {
  const looksLikeZlib = (body[0] ?? 0) % 16 === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0;
  return looksLikeZlib ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}
