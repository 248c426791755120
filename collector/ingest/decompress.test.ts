import { constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
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

const nothing = () => undefined;
const [first, second] = [Buffer.alloc(1_000, "a"), Buffer.alloc(500, "b")];
const garbage = Buffer.from("garbage");

it.for([
  ["gzip", "two members", [gzipSync(first), gzipSync(second)], [first, second]],
  ["gzip", "zeros after its end", [gzipSync(first), Buffer.alloc(512)], [first]],
  ["zstd", "two frames", [zstdCompressSync(first), zstdCompressSync(second)], [first, second]],
  ["zstd", "a frame to be skipped", [Buffer.from("502a4d1804000000aabbccdd", "hex"), zstdCompressSync(first)], [first]],
] as const)("%s with %s is read to its last byte", async ([encoding, , parts, whole]) => {
  const unfolded = await decompress(Buffer.concat(parts), encoding, nothing);
  expect(unfolded.equals(Buffer.concat(whole))).toBe(true);
});

it.for([
  ...ENCODINGS.map(([encoding, compress]) => [encoding, "bytes after its end", [compress(first), garbage]] as const),
  ["zstd", "a second frame that is cut", [zstdCompressSync(first), zstdCompressSync(second).subarray(0, -3)]],
  ["zstd", "more frames than anyone writes", Array.from({ length: 1_025 }, () => zstdCompressSync(garbage))],
] as const)("%s with %s is damaged", async ([encoding, , parts]) => {
  await expect(decompress(Buffer.concat(parts), encoding, nothing)).rejects.toMatchObject({
    httpStatus: 400,
    reason: "malformed",
  });
});

it("zstd that looks back further than 8 MiB is refused, as it would take as much memory", async () => {
  const params = { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const far = zstdCompressSync(Buffer.alloc(9 * mib), { params });
  await expect(decompress(far, "zstd", nothing)).rejects.toMatchObject({ httpStatus: 400 });
});
