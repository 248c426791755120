import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decompress } from "./decompress.ts";
import { unavailable } from "./errors.ts";

const mib = 1024 * 1024;
/** One piece of output may be made before it is counted, bytes. */
const pieceMaxBytes = 256 * 1024;

const ENCODINGS = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["zstd", zstdCompressSync],
] as const;

describe("a zip bomb", () => {
  it.for(ENCODINGS)("of %s ends where memory does, and not with its last byte", async ([encoding, compress]) => {
    const roomBytes = mib;
    let heldBytes = 0;
    const count = (sizeBytes: number) => {
      heldBytes += sizeBytes;
      if (heldBytes > roomBytes) throw unavailable("too many requests at a time", 2, "in-flight");
    };
    const unfolded = decompress(compress(Buffer.alloc(32 * mib)), encoding, count);
    await expect(unfolded).rejects.toMatchObject({ httpStatus: 503, reason: "in-flight" });
    expect(heldBytes).toBeLessThanOrEqual(roomBytes + pieceMaxBytes);
  });
});

it.for(ENCODINGS)("%s of many pieces is put together, and each is counted", async ([encoding, compress]) => {
  const body = Buffer.from(Array.from({ length: mib }, (_, at) => (at * at) % 251));
  let countedBytes = 0;
  const unfolded = await decompress(compress(body), encoding, (sizeBytes) => (countedBytes += sizeBytes));
  expect(unfolded.equals(body)).toBe(true);
  expect(countedBytes).toBe(body.length);
});
