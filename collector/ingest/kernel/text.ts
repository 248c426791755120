/** Strings where they lie: compared, hashed and copied sixteen bytes at a time. Each may be read past its end. */
import { Bytes, room } from "./memory";

const MIX_FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const MIX_LAST: u64 = 0xbf58_476d_1ce4_e5b9;
/** Longer than any varint of 32 bits. */
export const VARINT_MAX: u32 = 5;

/** Whether `size` bytes, at least one, are the same at both places. */
// @ts-ignore: a decorator on a function
@inline
export function sameBytes(a: usize, b: usize, size: u32): bool {
  if (size <= 16) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
    return (~same & ((1 << size) - 1)) == 0;
  }
  return sameLong(a, b, size);
}

function sameLong(a: usize, b: usize, size: u32): bool {
  const last = size - 16;
  for (let index: u32 = 0; index < last; index += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(a + index), v128.load(b + index)))) return false;
  }
  return i8x16.all_true(i8x16.eq(v128.load(a + last), v128.load(b + last)));
}

/** Hash of a string by its length and 16 bytes of both its ends. */
export function hashOf(text: usize, size: u32): u32 {
  if (size < 8) {
    const bytes = load<u64>(text) & (((<u64>1) << (size << 3)) - 1);
    return finish((bytes ^ ((<u64>size) << 56)) * MIX_FIRST);
  }
  let hash = (load<u64>(text) ^ size) * MIX_FIRST;
  if (size > 16) {
    hash = mix(hash, load<u64>(text + 8));
    hash = mix(hash, load<u64>(text + size - 16));
  }
  return finish(mix(hash, load<u64>(text + size - 8)));
}

// @ts-ignore: a decorator on a function
@inline
function mix(hash: u64, bytes: u64): u64 {
  return ((hash ^ (hash >>> 29)) ^ bytes) * MIX_FIRST;
}

// @ts-ignore: a decorator on a function
@inline
function finish(hash: u64): u32 {
  return <u32>(((hash ^ (hash >>> 31)) * MIX_LAST) >>> 32);
}

/** Whether all bytes are ASCII. */
export function isAscii(text: usize, size: u32): bool {
  let index: u32 = 0;
  for (; index + 16 <= size; index += 16) {
    if (i8x16.bitmask(v128.load(text + index)) != 0) return false;
  }
  return (i8x16.bitmask(v128.load(text + index)) & ((1 << (size - index)) - 1)) == 0;
}

/**
 * Appends a string as ClickHouse has it: varint length, then the bytes. False, and nothing appended, where it is not
 * ASCII.
 */
// @ts-ignore: a decorator on a function
@inline
export function putAscii(out: Bytes, text: usize, size: u32): bool {
  if (size >= 0x80) return putLongAscii(out, text, size);
  const to = room(out, size + 1);
  store<u8>(to, size);
  if (!copyAscii(text, to + 1, size)) return false;
  out.length += size + 1;
  return true;
}

function putLongAscii(out: Bytes, text: usize, size: u32): bool {
  if (!isAscii(text, size)) return false;
  putText(out, text, size);
  return true;
}

/** Appends a string in the same form, whatever its bytes are. */
export function putText(out: Bytes, text: usize, size: u32): void {
  const start = room(out, size + VARINT_MAX);
  let to = start;
  let rest = size;
  for (; rest >= 0x80; rest >>>= 7) store<u8>(to++, rest | 0x80);
  store<u8>(to++, rest);
  memory.copy(to, text, size);
  out.length += <u32>(to - start) + size;
}

/** Copies, and up to 15 bytes more; whether all were ASCII. */
// @ts-ignore: a decorator on a function
@inline
function copyAscii(from: usize, to: usize, size: u32): bool {
  let seen = i8x16.splat(0);
  let index: u32 = 0;
  for (; index + 16 <= size; index += 16) {
    const bytes = v128.load(from + index);
    seen = v128.or(seen, bytes);
    v128.store(to + index, bytes);
  }
  const bytes = v128.load(from + index);
  v128.store(to + index, bytes);
  return (i8x16.bitmask(seen) | (i8x16.bitmask(bytes) & ((1 << (size - index)) - 1))) == 0;
}
