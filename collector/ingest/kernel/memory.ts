/** The kernel's memory: allocated by powers of two, freed into lists by size, grown and never given back. */

/** What a vector read or written past the end of something may touch, bytes. */
export const SLACK: u32 = 16;
const PAGE_BITS: u32 = 16;
const SMALLEST_BITS: u32 = 5;

let top: usize = __heap_base;
/** By power of two: the first free piece of that size, which holds where the next one is. */
const free = memory.data(32 * 4, 16);

/** Memory of `size` bytes and {@link SLACK}, whatever is in it. */
export function allocate(size: u32): usize {
  const bits = bitsOf(size);
  const list = free + (bits << 2);
  const first = <usize>load<u32>(list);
  if (first == 0) return allocateNew(bits);
  store<u32>(list, load<u32>(first));
  return first;
}

/** Never used, and so all zero; it takes no room in the machine's memory before something is written there. */
function allocateNew(bits: u32): usize {
  const piece = (top + 15) & ~15;
  top = piece + (<usize>1 << bits);
  const have = <u32>memory.size();
  const wanted = (<u32>(top + SLACK) >>> PAGE_BITS) + 1;
  if (wanted > have && memory.grow(wanted - have) < 0) unreachable();
  return piece;
}

/** Gives back what {@link allocate} gave for `size` bytes. */
export function release(piece: usize, size: u32): void {
  const list = free + (bitsOf(size) << 2);
  store<u32>(piece, load<u32>(list));
  store<u32>(list, <u32>piece);
}

/** Memory of `size` bytes, all zero. */
export function allocateZeros(size: u32): usize {
  return allocateNew(bitsOf(size));
}

/** A struct of type T, all zero. */
// @ts-ignore: a decorator on a function
@inline
export function make<T>(): T {
  return changetype<T>(allocateZeros(offsetof<T>()));
}

function bitsOf(size: u32): u32 {
  return max(SMALLEST_BITS, 32 - <u32>clz(size + SLACK - 1));
}

/** Bytes that grow. JavaScript reads `data` and `length`, and sets `length` back. */
@unmanaged
export class Bytes {
  data: usize;
  length: u32;
  capacity: u32;
}

/** Makes room for `more` bytes, and a vector past them; where the next byte goes. */
// @ts-ignore: a decorator on a function
@inline
export function room(bytes: Bytes, more: u32): usize {
  if (bytes.length + more > bytes.capacity) grow(bytes, bytes.length + more);
  return bytes.data + bytes.length;
}

function grow(bytes: Bytes, wanted: u32): void {
  const capacity = max(wanted, max(4096, bytes.capacity * 2));
  const data = allocate(capacity);
  if (bytes.capacity > 0) {
    memory.copy(data, bytes.data, bytes.length);
    release(bytes.data, bytes.capacity);
  }
  bytes.data = data;
  bytes.capacity = capacity;
}
