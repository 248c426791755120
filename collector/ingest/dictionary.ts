/** Distinct strings of a block's LowCardinality column, found by their bytes without decoding them. */
import { ByteBuffer } from "./byte-buffer.ts";
import type { Entries } from "./low-cardinality.ts";

const initialSlots = 256;
/** Bytes of a string that its hash covers at each end; the comparison covers them all. */
const hashedBytes = 16;

/** Hash of a string by its length and both its ends. */
function hashBytes(view: DataView, start: number, end: number): number {
  const size = end - start;
  let hash = size;
  if (size < 4) {
    for (let index = start; index < end; index += 1) {
      hash = Math.imul(hash ^ view.getUint8(index), 0x0100_0193);
    }
    return hash ^ (hash >>> 15);
  }
  const firstEnd = size > 2 * hashedBytes ? start + hashedBytes : end - 4;
  for (let index = start; index < firstEnd; index += 4) {
    hash = Math.imul(hash ^ view.getInt32(index, true), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  for (let index = Math.max(firstEnd, end - hashedBytes); index < end - 4; index += 4) {
    hash = Math.imul(hash ^ view.getInt32(index, true), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  // The last four bytes, which may overlap those before them.
  hash = Math.imul(hash ^ view.getInt32(end - 4, true), 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}

/** Whether `size` bytes are the same in both. */
function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, size: number): boolean {
  if (size < 4) {
    for (let index = 0; index < size; index += 1) {
      if (a.getUint8(aStart + index) !== b.getUint8(bStart + index)) return false;
    }
    return true;
  }
  const last = size - 4;
  for (let index = 0; index < last; index += 4) {
    if (a.getInt32(aStart + index, true) !== b.getInt32(bStart + index, true)) return false;
  }
  return a.getInt32(aStart + last, true) === b.getInt32(bStart + last, true);
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
  #last = 0;
  /** Entries whose bytes were not UTF-8 and were repaired. */
  repaired = 0;

  constructor() {
    this.#addEmpty();
  }

  /** The entries, as ClickHouse reads them. */
  get entries(): Entries {
    return { count: this.count, bytes: this.written.bytes.subarray(0, this.written.length) };
  }

  /** Whether entry `entry` is this string. */
  is(entry: number, source: DataView, start: number, end: number): boolean {
    if (entry === 0) return start === end;
    const entryStart = this.#ends[entry - 1] as number;
    const size = end - start;
    if ((this.#ends[entry] as number) - entryStart !== size) return false;
    return sameBytes(this.#raw.view, entryStart, source, start, size);
  }

  /** The number of the string in `source` from `start` to before `end`; it is added where it is new. */
  lookup(source: DataView, start: number, end: number): number {
    if (start === end) return 0;
    // Most often it is what the row before had.
    if (this.#last > 0 && this.is(this.#last, source, start, end)) return this.#last;
    const hash = hashBytes(source, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      if (entry === 0) return this.#add(source, start, end, hash, slot);
      if (this.#hashes[entry] !== hash) continue;
      if (this.is(entry, source, start, end)) {
        this.#last = entry;
        return entry;
      }
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
    this.#last = 0;
    this.#addEmpty();
  }

  #addEmpty(): void {
    this.written.byte(0);
    this.#ends[0] = 0;
    this.count = 1;
  }

  #add(source: DataView, start: number, end: number, hash: number, slot: number): number {
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
