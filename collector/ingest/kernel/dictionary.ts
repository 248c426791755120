/** Distinct strings, numbered in the order in which they came; number 0 is the empty string. */
import { allocateZeros, Bytes, make, release, room } from "./memory";
import { hashOf, isAscii, putText, sameBytes } from "./text";

/** What {@link lookup} says of a new string that is not ASCII: whether it is UTF-8 is for JavaScript to find out. */
export const UNKNOWN: i32 = -1;
const INITIAL_SLOTS: u32 = 256;

/**
 * The bytes are the entries as they came in, one behind another, which is what is compared: a repaired string differs
 * from it. JavaScript reads `count` and `written`.
 */
@unmanaged
export class Dictionary extends Bytes {
  count: u32;
  /** The entries as ClickHouse reads them: varint length, bytes. */
  written: Bytes;
  /** By entry: where it ends in the bytes, and its hash; as many as there are slots. */
  ends: usize;
  hashes: usize;
  slots: usize;
  slotCount: u32;
  last: u32;
}

export function newDictionary(): Dictionary {
  const dictionary = make<Dictionary>();
  dictionary.written = make<Bytes>();
  dictionary.slotCount = INITIAL_SLOTS;
  dictionary.slots = allocateZeros(INITIAL_SLOTS << 2);
  dictionary.ends = allocateZeros(INITIAL_SLOTS << 2);
  dictionary.hashes = allocateZeros(INITIAL_SLOTS << 2);
  addEmpty(dictionary);
  return dictionary;
}

/** Forgets every string; the memory is kept. */
export function resetDictionary(dictionary: Dictionary): void {
  if (dictionary.count == 1) return;
  memory.fill(dictionary.slots, 0, dictionary.slotCount << 2);
  dictionary.written.length = 0;
  dictionary.length = 0;
  dictionary.last = 0;
  addEmpty(dictionary);
}

function addEmpty(dictionary: Dictionary): void {
  store<u8>(room(dictionary.written, 1), 0);
  dictionary.written.length = 1;
  dictionary.count = 1;
}

/** Whether entry `entry`, which is not 0, is this string. */
// @ts-ignore: a decorator on a function
@inline
export function isEntry(dictionary: Dictionary, entry: u32, text: usize, size: u32): bool {
  const place = dictionary.ends + (entry << 2);
  const start = load<u32>(place - 4);
  return load<u32>(place) - start == size && sameBytes(dictionary.data + start, text, size);
}

/** The number of a string, which is added where it is new; {@link UNKNOWN} where that is not for the kernel. */
// @ts-ignore: a decorator on a function
@inline
export function lookup(dictionary: Dictionary, text: usize, size: u32): i32 {
  // Most often it is what the row before had.
  const last = dictionary.last;
  if (last > 0 && isEntry(dictionary, last, text, size)) return last;
  return find(dictionary, text, size);
}

function find(dictionary: Dictionary, text: usize, size: u32): i32 {
  if (size == 0) return 0;
  const hash = hashOf(text, size);
  const mask = dictionary.slotCount - 1;
  let slot = hash & mask;
  let entry = load<u32>(dictionary.slots + (slot << 2));
  while (entry != 0) {
    if (load<u32>(dictionary.hashes + (entry << 2)) == hash && isEntry(dictionary, entry, text, size)) {
      dictionary.last = entry;
      return entry;
    }
    slot = (slot + 1) & mask;
    entry = load<u32>(dictionary.slots + (slot << 2));
  }
  return isAscii(text, size) ? addEntry(dictionary, text, size, text, size) : UNKNOWN;
}

/** Adds a string that is not there yet, and is written in another form. */
export function addEntry(dictionary: Dictionary, text: usize, size: u32, written: usize, writtenSize: u32): i32 {
  if ((dictionary.count + 1) * 2 > dictionary.slotCount) growSlots(dictionary);
  const entry = dictionary.count;
  const hash = hashOf(text, size);
  memory.copy(room(dictionary, size), text, size);
  dictionary.length += size;
  store<u32>(dictionary.ends + (entry << 2), dictionary.length);
  store<u32>(dictionary.hashes + (entry << 2), hash);
  putText(dictionary.written, written, writtenSize);
  putIntoSlot(dictionary, entry, hash);
  dictionary.count = entry + 1;
  return entry;
}

function putIntoSlot(dictionary: Dictionary, entry: u32, hash: u32): void {
  const mask = dictionary.slotCount - 1;
  let slot = hash & mask;
  while (load<u32>(dictionary.slots + (slot << 2)) != 0) slot = (slot + 1) & mask;
  store<u32>(dictionary.slots + (slot << 2), entry);
}

function growSlots(dictionary: Dictionary): void {
  const size = dictionary.slotCount << 2;
  dictionary.ends = doubled(dictionary.ends, size);
  dictionary.hashes = doubled(dictionary.hashes, size);
  release(dictionary.slots, size);
  dictionary.slots = allocateZeros(size * 2);
  dictionary.slotCount *= 2;
  for (let entry: u32 = 1; entry < dictionary.count; entry++) {
    putIntoSlot(dictionary, entry, load<u32>(dictionary.hashes + (entry << 2)));
  }
}

function doubled(piece: usize, size: u32): usize {
  const larger = allocateZeros(size * 2);
  memory.copy(larger, piece, size);
  release(piece, size);
  return larger;
}
