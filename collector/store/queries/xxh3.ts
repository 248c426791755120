/**
 * XXH3 with 64 bits, as the store's function of that name: without a seed, and with the secret of its authors.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md#xxh3-algorithm-overview
 */

const MASK = 0xffff_ffff_ffff_ffffn;
const LOW = 0xffff_ffffn;
const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

const SECRET = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e" +
    "e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a" +
    "51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8f" +
    "f8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);
/** Its 64 bits from each byte on. */
const KEYS = Array.from({ length: SECRET.length - 7 }, (_, at) => SECRET.readBigUInt64LE(at));
const STRIPE = 64;
/** Of a stripe's key from the one before it. */
const KEY_STEP = 8;
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE) / KEY_STEP;

/** The hash of these bytes, an unsigned integer of 64 bits. */
export function xxh3(bytes: Buffer): bigint {
  const { length } = bytes;
  if (length > 240) return long(bytes);
  if (length > 128) return upTo240(bytes);
  if (length > 16) return upTo128(bytes);
  if (length > 8) return upTo16(bytes);
  if (length > 3) return upTo8(bytes);
  return upTo3(bytes);
}

function upTo3(bytes: Buffer): bigint {
  const { length } = bytes;
  if (length === 0) return avalanche64(secret64(56) ^ secret64(64));
  const [first = 0, middle = 0, last = 0] = [bytes[0], bytes[length >> 1], bytes[length - 1]];
  const combined = ((first << 16) | (middle << 24) | last | (length << 8)) >>> 0;
  return avalanche64(BigInt((combined ^ SECRET.readUInt32LE(0) ^ SECRET.readUInt32LE(4)) >>> 0));
}

function upTo8(bytes: Buffer): bigint {
  const { length } = bytes;
  const low = BigInt(bytes.readUInt32LE(length - 4));
  const high = BigInt(bytes.readUInt32LE(0));
  let hash = (low + (high << 32n)) ^ secret64(8) ^ secret64(16);
  hash ^= rotated(hash, 49n) ^ rotated(hash, 24n);
  hash = (hash * PRIME_MX2) & MASK;
  hash ^= (hash >> 35n) + BigInt(length);
  hash = (hash * PRIME_MX2) & MASK;
  return hash ^ (hash >> 28n);
}

function upTo16(bytes: Buffer): bigint {
  const { length } = bytes;
  const low = bytes.readBigUInt64LE(0) ^ secret64(24) ^ secret64(32);
  const high = bytes.readBigUInt64LE(length - 8) ^ secret64(40) ^ secret64(48);
  return avalanche(BigInt(length) + swapped(low) + high + folded(low, high));
}

function upTo128(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash = BigInt(length) * PRIME64_1;
  for (let pair = (length - 1) >> 5; pair >= 0; pair -= 1) {
    hash += mixed(bytes, pair * 16, pair * 32) + mixed(bytes, length - 16 * (pair + 1), pair * 32 + 16);
  }
  return avalanche(hash);
}

function upTo240(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash = BigInt(length) * PRIME64_1;
  for (let at = 0; at < 8; at += 1) hash += mixed(bytes, at * 16, at * 16);
  hash = avalanche(hash);
  for (let at = 8; at < length >> 4; at += 1) hash += mixed(bytes, at * 16, (at - 8) * 16 + 3);
  return avalanche(hash + mixed(bytes, length - 16, 119));
}

function long(bytes: Buffer): bigint {
  const { length } = bytes;
  const sums = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const stripes = Math.floor((length - 1) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    addStripe(sums, bytes, { at: stripe * STRIPE, key: (stripe % STRIPES_PER_BLOCK) * KEY_STEP });
    if (stripe % STRIPES_PER_BLOCK === STRIPES_PER_BLOCK - 1) scramble(sums);
  }
  addStripe(sums, bytes, { at: length - STRIPE, key: SECRET.length - STRIPE - 7 });
  let hash = BigInt(length) * PRIME64_1;
  for (let at = 0; at < 4; at += 1) {
    const [one = 0n, other = 0n] = sums.slice(at * 2, at * 2 + 2);
    hash += folded(one ^ secret64(11 + at * 16), other ^ secret64(19 + at * 16));
  }
  return avalanche(hash);
}

function addStripe(sums: bigint[], bytes: Buffer, { at, key }: { readonly at: number; readonly key: number }): void {
  for (let lane = 0; lane < sums.length; lane += 1) {
    const value = bytes.readBigUInt64LE(at + lane * 8);
    const keyed = value ^ secret64(key + lane * 8);
    sums[lane ^ 1] = ((sums[lane ^ 1] as bigint) + value) & MASK;
    sums[lane] = ((sums[lane] as bigint) + (keyed & LOW) * (keyed >> 32n)) & MASK;
  }
}

function scramble(sums: bigint[]): void {
  for (const [lane, sum] of sums.entries()) {
    const keyed = sum ^ (sum >> 47n) ^ secret64(SECRET.length - STRIPE + lane * 8);
    sums[lane] = (keyed * PRIME32_1) & MASK;
  }
}

function secret64(at: number): bigint {
  return KEYS[at] as bigint;
}

function mixed(bytes: Buffer, at: number, key: number): bigint {
  return folded(bytes.readBigUInt64LE(at) ^ secret64(key), bytes.readBigUInt64LE(at + 8) ^ secret64(key + 8));
}

/** Both halves of a product of 128 bits. */
function folded(one: bigint, other: bigint): bigint {
  const product = one * other;
  return (product & MASK) ^ (product >> 64n);
}

function avalanche(sum: bigint): bigint {
  let hash = sum & MASK;
  hash = ((hash ^ (hash >> 37n)) * PRIME_MX1) & MASK;
  return hash ^ (hash >> 32n);
}

function avalanche64(start: bigint): bigint {
  let hash = ((start ^ (start >> 33n)) * PRIME64_2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * PRIME64_3) & MASK;
  return hash ^ (hash >> 32n);
}

function rotated(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE(0);
}
