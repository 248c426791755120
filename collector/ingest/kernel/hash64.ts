/**
 * XXH64 with seed 0.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */

const PRIME_1: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME_2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME_3: u64 = 0x1656_67b1_9e37_79f9;
const PRIME_4: u64 = 0x85eb_ca77_c2b2_ae63;
const PRIME_5: u64 = 0x27d4_eb2f_1656_67c5;
const STRIPE_BYTES: u32 = 32;

/** Hash of `size` bytes. */
export function hash64(from: usize, size: u32): u64 {
  const end = from + size;
  let at = from;
  let hash = PRIME_5;
  if (size >= STRIPE_BYTES) {
    let a = PRIME_1 + PRIME_2;
    let b = PRIME_2;
    let c: u64 = 0;
    let d: u64 = 0 - PRIME_1;
    for (const last = end - STRIPE_BYTES; at <= last; at += STRIPE_BYTES) {
      a = round(a, load<u64>(at));
      b = round(b, load<u64>(at + 8));
      c = round(c, load<u64>(at + 16));
      d = round(d, load<u64>(at + 24));
    }
    hash = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
    hash = merged(merged(merged(merged(hash, a), b), c), d);
  }
  return avalanche(tail(hash + size, at, end));
}

/** Takes in the last bytes, less than {@link STRIPE_BYTES}. */
function tail(start: u64, from: usize, end: usize): u64 {
  let hash = start;
  let at = from;
  for (; at + 8 <= end; at += 8) hash = rotl(hash ^ round(0, load<u64>(at)), 27) * PRIME_1 + PRIME_4;
  if (at + 4 <= end) {
    hash = rotl(hash ^ (<u64>load<u32>(at) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    at += 4;
  }
  for (; at < end; at++) hash = rotl(hash ^ (<u64>load<u8>(at) * PRIME_5), 11) * PRIME_1;
  return hash;
}

// @ts-ignore: a decorator on a function
@inline
function round(lane: u64, bytes: u64): u64 {
  return rotl(lane + bytes * PRIME_2, 31) * PRIME_1;
}

function merged(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
}

function avalanche(last: u64): u64 {
  let hash = (last ^ (last >>> 33)) * PRIME_2;
  hash = (hash ^ (hash >>> 29)) * PRIME_3;
  return hash ^ (hash >>> 32);
}
