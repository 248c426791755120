/** Distinct strings of a block's LowCardinality column, found by their bytes without decoding them. */
import { ByteBuffer } from "./byte-buffer.ts";

const initialSlots = 256;
/** Bytes of a string that its hash covers at each end; the comparison covers them all. */
const hashedBytes = 16;

/** Hash of `bytes[start..end)` by its length and both its ends. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = (end - start) | 0;
  const firstEnd = end - start > hashedBytes ? start + hashedBytes : end;
  for (let index = start; index < firstEnd; index += 1) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  const lastStart = end - hashedBytes > firstEnd ? end - hashedBytes : firstEnd;
  for (let index = lastStart; index < end; index += 1) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Whether `size` bytes are the same in both. */
export function sameBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, size: number): boolean {
  for (let index = 0; index < size; index += 1) {
    if (a[aStart + index] !== b[bStart + index]) return false;
  }
  return true;
}

/** Strings numbered in the order in which they came; number 0 is always the empty string. */
export class Dictionary {
  /** The entries as ClickHouse reads them: varint length, bytes. */
  readonly written = new ByteBuffer();
  count = 0;
  #slots = new Int32Array(initialSlots);
  /** Copies of the entries as they came in, which is what is compared (a repaired string differs from it). */
  readonly #raw = new ByteBuffer();
  #ends = new Int32Array(initialSlots);
  #hashes = new Int32Array(initialSlots);
  /** Entries whose bytes were not UTF-8 and were repaired. */
  repaired = 0;

  constructor() {
    this.#addEmpty();
  }

  /** The number of the string `source[start..end)`, which is added where it is new. */
  lookup(source: Uint8Array, start: number, end: number): number {
    const size = end - start;
    if (size === 0) return 0;
    const hash = hashBytes(source, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    const ends = this.#ends;
    const raw = this.#raw.bytes;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      if (entry === 0) return this.#add(source, start, end, hash, slot);
      if (this.#hashes[entry] !== hash) continue;
      const entryStart = ends[entry - 1] as number;
      if ((ends[entry] as number) - entryStart === size && sameBytes(raw, entryStart, source, start, size)) return entry;
    }
  }

  /** Forgets every string; the memory is kept. */
  reset(): void {
    if (this.count === 1) return;
    this.#slots.fill(0);
    this.written.length = 0;
    this.#raw.length = 0;
    this.count = 0;
    this.repaired = 0;
    this.#addEmpty();
  }

  #addEmpty(): void {
    this.written.byte(0);
    this.#ends[0] = 0;
    this.count = 1;
  }

  #add(source: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const entry = this.count;
    if (entry === this.#ends.length) this.#growEntries();
    this.#raw.raw(source, start, end);
    this.#ends[entry] = this.#raw.length;
    this.#hashes[entry] = hash;
    if (!this.written.string(source, start, end)) this.repaired += 1;
    this.#slots[slot] = entry;
    this.count = entry + 1;
    if (this.count * 2 > this.#slots.length) this.#growSlots();
    return entry;
  }

  #growEntries(): void {
    const ends = new Int32Array(this.#ends.length * 2);
    ends.set(this.#ends);
    this.#ends = ends;
    const hashes = new Int32Array(ends.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let entry = 1; entry < this.count; entry += 1) {
      let slot = (this.#hashes[entry] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}
