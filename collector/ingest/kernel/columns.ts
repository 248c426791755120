/** The columns that the kernel fills. The class in kernel-columns.ts that reads one knows its fields by their order. */
import { addEntry, Dictionary, lookup, newDictionary, resetDictionary, UNKNOWN } from "./dictionary";
import { allocateZeros, Bytes, make, room } from "./memory";
import { putAscii, putText } from "./text";
import { putUuid, UUID_TEXT_SIZE } from "./uuid";

/** Rows of a block, at most, and keys that are known by a number: {@link setBounds} says how many. */
let rowsMax: u32 = 0;
export let keysMax: u32 = 0;

export function setBounds(rows: u32, keys: u32): void {
  rowsMax = rows;
  keysMax = keys;
}

/** Numbers of one width. */
@unmanaged
export class Scalar {
  values: usize;
  used: u32;
}

export function newScalar(width: u32): Scalar {
  const column = make<Scalar>();
  column.values = allocateZeros(rowsMax * width);
  return column;
}

/** Strings one behind another. */
@unmanaged
export class Strings extends Bytes {
  rows: u32;
}

export function newStrings(): Strings {
  return make<Strings>();
}

/** Sets a row that has none yet; false, and nothing done, where the string is not ASCII. */
// @ts-ignore: a decorator on a function
@inline
export function setString(column: Strings, row: u32, text: usize, size: u32): bool {
  fillStrings(column, row);
  if (!putAscii(column, text, size)) return false;
  column.rows = row + 1;
  return true;
}

/** The same for any string. */
export function setAnyString(column: Strings, row: u32, text: usize, size: u32): void {
  fillStrings(column, row);
  putText(column, text, size);
  column.rows = row + 1;
}

/** Gives the rows before `rows` that nobody set the empty string. */
export function fillStrings(column: Strings, rows: u32): void {
  if (column.rows >= rows) return;
  const count = rows - column.rows;
  memory.fill(room(column, count), 0, count);
  column.length += count;
  column.rows = rows;
}

/** UUIDs, and in another column what is none. */
@unmanaged
export class Uuids extends Scalar {
  text: Strings;
}

export function newUuids(): Uuids {
  const column = make<Uuids>();
  column.values = allocateZeros(rowsMax * 16);
  column.text = newStrings();
  return column;
}

export function hasUuid(column: Uuids, row: u32): bool {
  return column.text.rows > row || v128.any_true(v128.load(column.values + (row << 4)));
}

/** Sets a row that has none yet; false, and nothing done, where the string is not ASCII. */
export function setUuid(column: Uuids, row: u32, text: usize, size: u32): bool {
  if (size == UUID_TEXT_SIZE && putUuid(text, column.values + (row << 4))) {
    column.used = 1;
    return true;
  }
  return setString(column.text, row, text, size);
}

/** Strings as numbers in the block's dictionary. */
@unmanaged
export class LowCardinality {
  indexes: usize;
  dictionary: Dictionary;
}

export function newLowCardinality(): LowCardinality {
  const column = make<LowCardinality>();
  column.indexes = allocateZeros(rowsMax << 2);
  column.dictionary = newDictionary();
  return column;
}

/** Maps: how many entries each row has, their keys as numbers in the block's dictionary, and their values. */
@unmanaged
export class Maps {
  counts: usize;
  total: u32;
  /** Four bytes an entry. */
  indexes: Bytes;
  values: Bytes;
  dictionary: Dictionary;
  /** By number of key: its index in this block's dictionary, 0 where it is not in it yet. */
  indexOfKey: usize;
  /** The keys that are in it, four bytes each. */
  seen: Bytes;
}

export function newMaps(): Maps {
  const column = make<Maps>();
  column.counts = allocateZeros(rowsMax << 2);
  column.indexes = make<Bytes>();
  column.values = make<Bytes>();
  column.dictionary = newDictionary();
  column.indexOfKey = allocateZeros(keysMax << 2);
  column.seen = make<Bytes>();
  return column;
}

/**
 * The index of a key, by its number where it has one below {@link keysMax}; {@link UNKNOWN} where it is new here and
 * not ASCII.
 */
// @ts-ignore: a decorator on a function
@inline
export function keyIndex(column: Maps, key: u32, text: usize, size: u32): i32 {
  if (key < keysMax) {
    const known = load<i32>(column.indexOfKey + (key << 2));
    if (known != 0) return known;
  }
  return newKeyIndex(column, key, text, size);
}

function newKeyIndex(column: Maps, key: u32, text: usize, size: u32): i32 {
  const index = lookup(column.dictionary, text, size);
  if (index > 0 && key < keysMax) rememberKey(column, key, index);
  return index;
}

/** The index of a key that is not ASCII, and is written in another form. */
export function addKey(column: Maps, key: u32, text: usize, size: u32, written: usize, writtenSize: u32): i32 {
  const index = addEntry(column.dictionary, text, size, written, writtenSize);
  if (key < keysMax) rememberKey(column, key, index);
  return index;
}

function rememberKey(column: Maps, key: u32, index: i32): void {
  store<i32>(column.indexOfKey + (key << 2), index);
  store<u32>(room(column.seen, 4), key);
  column.seen.length += 4;
}

/** One entry more in `row`, whose value was appended or is about to be. */
// @ts-ignore: a decorator on a function
@inline
export function addEntryOfRow(column: Maps, row: u32, index: i32): void {
  store<i32>(room(column.indexes, 4), index);
  column.indexes.length += 4;
  const count = column.counts + (row << 2);
  store<u32>(count, load<u32>(count) + 1);
  column.total++;
}

/** Appends a value of eight bytes. */
export function putWords(column: Maps, low: u32, high: u32): void {
  const to = room(column.values, 8);
  store<u32>(to, low);
  store<u32>(to + 4, high);
  column.values.length += 8;
}

/** Appends a value of one byte. */
export function putByte(column: Maps, byte: u8): void {
  store<u8>(room(column.values, 1), byte);
  column.values.length += 1;
}

/** Empties the column. */
export function resetMaps(column: Maps, rows: u32): void {
  if (column.total > 0) memory.fill(column.counts, 0, rows << 2);
  column.total = 0;
  column.indexes.length = 0;
  column.values.length = 0;
  resetDictionary(column.dictionary);
  const seen = column.seen;
  for (let at: u32 = 0; at < seen.length; at += 4) {
    store<u32>(column.indexOfKey + (load<u32>(seen.data + at) << 2), 0);
  }
  seen.length = 0;
}
