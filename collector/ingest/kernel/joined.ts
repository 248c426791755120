/**
 * Columns of several Native blocks, one after another: what a joined block has. What types they have JavaScript says;
 * the class in joined-columns.ts that reads them knows the fields by their order.
 */
import { addEntry, Dictionary, lookup, newDictionary, resetDictionary, UNKNOWN } from "./dictionary";
import { allocateZeros, Bytes, make, room } from "./memory";
import { sizeAt, varint, varintEnd } from "./varint";

const KIND_FIXED: u32 = 0;
const KIND_TEXT: u32 = 1;
const KIND_DICTIONARY: u32 = 2;
const KIND_LIST: u32 = 3;

/** The values of one kind; the bytes are those of a fixed width or texts, or four an index, or eight an end. */
@unmanaged
export class Joined extends Bytes {
  kind: u32;
  /** Of one value, where all have the same. */
  width: u32;
  dictionary: Dictionary;
  /** By number in the block at hand: the number in the joined dictionary. */
  joinedNumber: Bytes;
  /** Of all lists. */
  entries: u32;
  /** What is in the lists: values, or keys and values. */
  first: Joined;
  second: Joined;
  /** Before the values of a block, not to be read. */
  versionBytes: u32;
  /** Rows that are set, to the default or by a block. */
  rows: u32;
}

function newJoined(kind: u32): Joined {
  const joined = make<Joined>();
  joined.kind = kind;
  return joined;
}

export function newJoinedFixed(width: u32): Joined {
  const joined = newJoined(KIND_FIXED);
  joined.width = width;
  return joined;
}

export function newJoinedTexts(): Joined {
  return newJoined(KIND_TEXT);
}

export function newJoinedDictionary(): Joined {
  const joined = newJoined(KIND_DICTIONARY);
  joined.dictionary = newDictionary();
  joined.joinedNumber = make<Bytes>();
  return joined;
}

/** Maps have two parts, arrays one and no second. */
export function newJoinedLists(first: Joined, second: Joined): Joined {
  const joined = newJoined(KIND_LIST);
  joined.first = first;
  joined.second = second;
  return joined;
}

/** What {@link joinColumns} says: done; a column that JavaScript has to make first; none of our blocks. */
const DONE: u32 = 0;
const NEW_COLUMN: u32 = 1;
const NOT_OURS: u32 = 2;
/** More than any block of ours has. */
const COLUMNS_MAX: u32 = 1024;

/** Names of columns, each with its type behind it, as they stand in the blocks. */
const names = newDictionary();
const columns = allocateZeros(COLUMNS_MAX << 2);

/** Up to where blocks were read; 0 where what was to be read is not whole. */
export let joinedTo: usize = 0;
/** The number of the column that is new. */
export let newColumn: u32 = 0;
let blocksEnd: usize = 0;
let columnsLeft: u32 = 0;
let blockRows: u32 = 0;

/** Starts with a block; how many rows it has, or -1 where it is none. */
export function startBlock(at: usize, end: usize): i32 {
  blocksEnd = end;
  columnsLeft = number(at);
  blockRows = joinedTo == 0 ? 0 : number(joinedTo);
  return joinedTo == 0 ? -1 : blockRows;
}

/** Says what column has the number {@link newColumn}; its name and type stand at {@link joinedTo}. */
export function setJoined(column: Joined, versionBytes: u32): void {
  column.versionBytes = versionBytes;
  store<u32>(columns + (newColumn << 2), changetype<u32>(column));
}

/** Takes the columns of the block, behind `rows` rows of other blocks. */
export function joinColumns(rows: u32): u32 {
  for (; columnsLeft > 0; columnsLeft--) {
    const start = joinedTo;
    const typeAt = textEnd(start);
    const valuesAt = typeAt == 0 ? 0 : textEnd(typeAt);
    if (valuesAt == 0) return NOT_OURS;
    const known = lookup(names, start, <u32>(valuesAt - start));
    if (known == UNKNOWN || <u32>known >= COLUMNS_MAX) return NOT_OURS;
    newColumn = known;
    const column = changetype<Joined>(load<u32>(columns + (known << 2)));
    if (changetype<usize>(column) == 0) return NEW_COLUMN;
    skipValues(column, rows - column.rows);
    joinedTo = readValues(column, valuesAt + column.versionBytes, blockRows);
    if (joinedTo == 0) return NOT_OURS;
    column.rows = rows + blockRows;
  }
  return DONE;
}

/** Gives the rows of a column up to `rows` that no block set the type's default. */
export function fillJoined(column: Joined, rows: u32): void {
  skipValues(column, rows - column.rows);
  column.rows = rows;
}

/** Empties a column. */
export function resetJoined(column: Joined): void {
  if (changetype<usize>(column) == 0) return;
  column.length = 0;
  column.rows = 0;
  column.entries = 0;
  if (column.kind == KIND_DICTIONARY) resetDictionary(column.dictionary);
  if (column.kind == KIND_LIST) {
    resetJoined(column.first);
    resetJoined(column.second);
  }
}

/** A small number at `at`; {@link joinedTo} is behind it. */
function number(at: usize): u32 {
  const value = varint(at, blocksEnd);
  joinedTo = varintEnd;
  return <u32>value;
}

/** Where the text at `at` ends; 0 where it is not whole. */
function textEnd(at: usize): usize {
  const size = sizeAt(at, blocksEnd);
  return varintEnd == 0 ? 0 : varintEnd + size;
}

/** Where the values end; 0 where they are not whole. */
function readValues(column: Joined, at: usize, count: u32): usize {
  if (at > blocksEnd) return 0;
  if (column.kind == KIND_FIXED) return append(column, at, <u64>count * column.width);
  if (column.kind == KIND_TEXT) return readTexts(column, at, count);
  if (column.kind == KIND_DICTIONARY) return readDictionary(column, at, count);
  return readLists(column, at, count);
}

function append(column: Bytes, at: usize, size: u64): usize {
  if (size > <u64>(blocksEnd - at)) return 0;
  memory.copy(room(column, <u32>size), at, <u32>size);
  column.length += <u32>size;
  return at + <u32>size;
}

function readTexts(column: Joined, at: usize, count: u32): usize {
  let end = at;
  for (let index: u32 = 0; index < count; index++) {
    const size = sizeAt(end, blocksEnd);
    if (varintEnd == 0) return 0;
    end = varintEnd + size;
  }
  return append(column, at, end - at);
}

/** Each block has a dictionary of its own: its numbers become those of the joined one. Of no values there is none. */
function readDictionary(column: Joined, start: usize, count: u32): usize {
  if (count == 0) return start;
  const entries = load<u32>(start + 8);
  // An entry has a byte at least.
  if (start + 16 > blocksEnd || entries > <u32>(blocksEnd - start)) return 0;
  let at = readEntries(column, start + 16, entries);
  const width = 1 << load<u8>(start);
  if (at == 0 || at + 8 > blocksEnd || load<u32>(at) != count || width > 4) return 0;
  at += 8;
  if (<u64>count * width > <u64>(blocksEnd - at)) return 0;
  const to = room(column, count << 2);
  // Most columns have few different texts.
  const few = width == 1 && entries <= 16 && column.dictionary.count <= 256;
  if (!(few ? putFew(column, at, count, entries, to) : putNumbers(column, at, count, entries, width, to))) return 0;
  column.length += count << 2;
  return at + count * width;
}

/** Puts the joined number for each number of the block; false where one has no entry. */
function putNumbers(column: Joined, at: usize, count: u32, entries: u32, width: u32, to: usize): bool {
  const numbers = column.joinedNumber.data;
  let largest: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const own = width == 1 ? load<u8>(at + index) : width == 2 ? load<u16>(at + (index << 1)) : load<u32>(at + (index << 2));
    largest = max(largest, own);
    store<u32>(to + (index << 2), load<u32>(numbers + (min(own, entries) << 2)));
  }
  return largest < entries;
}

/** The same sixteen at a time, of bytes: at most sixteen entries, whose joined numbers are bytes as well. */
function putFew(column: Joined, at: usize, count: u32, entries: u32, to: usize): bool {
  const numbers = column.joinedNumber.data;
  let table = i8x16.splat(0);
  for (let entry = entries; entry > 0; ) {
    entry--;
    const first = i8x16.splat(<i8>load<u32>(numbers + (entry << 2)));
    // Those after it move on by one.
    table = i8x16.shuffle(first, table, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  }
  const bound = i8x16.splat(<i8>entries);
  let wrong = i8x16.splat(0);
  let index: u32 = 0;
  for (; index + 16 <= count; index += 16) {
    const own = v128.load(at + index);
    wrong = v128.or(wrong, i8x16.ge_u(own, bound));
    const joined = i8x16.swizzle(table, own);
    const place = to + (index << 2);
    const low = i16x8.extend_low_i8x16_u(joined);
    const high = i16x8.extend_high_i8x16_u(joined);
    v128.store(place, i32x4.extend_low_i16x8_u(low));
    v128.store(place, i32x4.extend_high_i16x8_u(low), 16);
    v128.store(place, i32x4.extend_low_i16x8_u(high), 32);
    v128.store(place, i32x4.extend_high_i16x8_u(high), 48);
  }
  const rest = index;
  return !v128.any_true(wrong) && putNumbers(column, at + rest, count - rest, entries, 1, to + (rest << 2));
}

function readEntries(column: Joined, start: usize, entries: u32): usize {
  const dictionary = column.dictionary;
  const joinedNumber = column.joinedNumber;
  joinedNumber.length = 0;
  // One more, for what is no number of an entry.
  const numbers = room(joinedNumber, (entries + 1) << 2);
  let at = start;
  for (let entry: u32 = 0; entry < entries; entry++) {
    const size = sizeAt(at, blocksEnd);
    const text = varintEnd;
    if (text == 0) return 0;
    const known = lookup(dictionary, text, size);
    store<u32>(numbers + (entry << 2), known == UNKNOWN ? addEntry(dictionary, text, size, text, size) : known);
    at = text + size;
  }
  return at;
}

/** Where each list ends among the entries, then the entries. */
function readLists(column: Joined, start: usize, count: u32): usize {
  if (<u64>count << 3 > <u64>(blocksEnd - start)) return 0;
  const before = column.entries;
  const to = room(column, count << 3);
  for (let at: u32 = 0; at < count << 3; at += 8) store<u64>(to + at, load<u64>(start + at) + before);
  column.length += count << 3;
  const entries = count == 0 ? 0 : load<u32>(start + ((count - 1) << 3));
  column.entries = before + entries;
  const end = readValues(column.first, start + (count << 3), entries);
  return end == 0 || changetype<usize>(column.second) == 0 ? end : readValues(column.second, end, entries);
}

function skipValues(column: Joined, count: u32): void {
  if (count == 0) return;
  if (column.kind == KIND_LIST) {
    const to = room(column, count << 3);
    for (let at: u32 = 0; at < count << 3; at += 8) store<u64>(to + at, column.entries);
    column.length += count << 3;
    return;
  }
  const width = column.kind == KIND_FIXED ? column.width : column.kind == KIND_TEXT ? 1 : 4;
  memory.fill(room(column, count * width), 0, count * width);
  column.length += count * width;
}
