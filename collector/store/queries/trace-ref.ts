/**
 * What hop_keys holds of a trace: xxHash32 of its id's 16 bytes, as the store's function of that name.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md#xxh32-algorithm-description
 */

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const ID_BYTES = 16;

/** The hash of a trace id in hex, an unsigned integer of 32 bits. */
export function traceRef(traceId: string): number {
  const one = rotated(lane(traceId, 0, PRIME_1 + PRIME_2), 1);
  const two = rotated(lane(traceId, 1, PRIME_2), 7);
  const three = rotated(lane(traceId, 2, 0), 12);
  const four = rotated(lane(traceId, 3, -PRIME_1), 18);
  let hash = (one + two + three + four + ID_BYTES) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One round over the four bytes of this lane, little-endian. */
function lane(traceId: string, index: number, start: number): number {
  let word = 0;
  for (let byte = 3; byte >= 0; byte -= 1) {
    const at = index * 8 + byte * 2;
    word = (word << 8) | Number.parseInt(traceId.slice(at, at + 2), 16);
  }
  return Math.imul(rotated((start + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
