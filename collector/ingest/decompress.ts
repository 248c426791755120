/** Undoes a request's Content-Encoding, up to the size limit. */
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { malformed, OtlpError, rpcCode, tooLarge } from "./errors.ts";
import { requestSizeMaxBytes } from "./limits.ts";

type Decompress = (body: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) => Promise<Buffer>;

/** Output is made in pieces of this size; each costs a turn through the thread pool, bytes. */
const chunkSizeBytes = 256 * 1024;

const gunzip = promisify(zlib.gunzip) as Decompress;
const inflate = promisify(zlib.inflate) as Decompress;
const inflateRaw = promisify(zlib.inflateRaw) as Decompress;
/** Node has zstd from 22.15 and 23.8 on. */
const zstd = "zstdDecompress" in zlib ? (promisify(zlib.zstdDecompress) as unknown as Decompress) : undefined;

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflateEither],
  ...(zstd ? ([["zstd", zstd]] as const) : []),
]);

/**
 * The body without its content encoding (`gzip`, `deflate`, `zstd` where Node has it, `identity`).
 *
 * @throws OtlpError 415 unknown encoding, 413 too large once decompressed, 400 where the bytes are damaged
 */
export async function decompress(body: Buffer, contentEncoding: string | undefined): Promise<Buffer> {
  const encoding = (contentEncoding ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return body;
  const undo = DECOMPRESS.get(encoding);
  if (!undo) {
    const known = [...DECOMPRESS.keys()].join(", ");
    throw new OtlpError(`Content-Encoding "${encoding.slice(0, 50)}" is not supported; use one of: ${known}`, {
      httpStatus: 415,
      rpcCode: rpcCode.unimplemented,
      reason: "content-encoding",
    });
  }
  try {
    return await undo(body, { maxOutputLength: requestSizeMaxBytes, chunkSize: chunkSizeBytes });
  } catch (error) {
    if (isTooLarge(error)) throw tooLarge(tooLargeMessage("decompressed body"));
    throw malformed(`body is not ${encoding}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** What a client reads whose body is above the limit. */
export function tooLargeMessage(what: string): string {
  return `${what} is larger than ${String(requestSizeMaxBytes)} bytes; send fewer spans in a request`;
}

/** `deflate` means zlib's form; some clients send the bare one. */
async function inflateEither(body: Uint8Array, options: { maxOutputLength: number; chunkSize: number }) {
  const looksLikeZlib = (body[0] ?? 0) % 16 === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0;
  return looksLikeZlib ? inflate(body, options) : inflateRaw(body, options);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
