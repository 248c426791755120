/** Attributes of a span whose value is a string, a number or a boolean, as every encoder writes them. */
import { TAG_BOOL, TAG_DOUBLE, TAG_INT, TAG_KEY, TAG_STRING, TAG_VALUE } from "./attribute-tags";
import {
  boolMap,
  columnOf,
  doubleMap,
  idKey,
  intMap,
  KIND_BOOL,
  KIND_FLOAT64,
  KIND_LOW_CARDINALITY,
  KIND_STRING,
  KIND_UINT16,
  KIND_UINT32,
  KIND_UINT64,
  KIND_UUID,
  kindOf,
  numberOfKey,
  olderIdKey,
  stringMap,
  systemKey,
} from "./block";
import {
  addEntryOfRow,
  hasUuid,
  keyIndex,
  LowCardinality,
  Maps,
  putByte,
  putWords,
  Scalar,
  setString,
  setUuid,
  Strings,
  Uuids,
} from "./columns";
import { lookup } from "./dictionary";
import { request } from "./request";
import { state } from "./span-state";
import { putAscii } from "./text";
import { sizeAt, varint, varintEnd } from "./varint";

let keyStart: usize = 0;
let keySize: u32 = 0;
let key: u32 = 0;

/** Writes the KeyValue at `at`; false where it is for JavaScript, which then writes all of it. */
export function putAttribute(at: usize, end: usize, row: u32): bool {
  keySize = load<u8>(at + 1);
  keyStart = at + 2;
  const keyEnd = keyStart + keySize;
  if (load<u8>(at) != TAG_KEY || keySize >= 0x80 || keyEnd >= end || load<u8>(keyEnd) != TAG_VALUE) return false;
  const size = sizeAt(keyEnd + 1, end);
  const value = varintEnd;
  if (value == 0 || size == 0 || value + size != end) return false;
  const number = numberOfKey(state.lastKey, keyStart, keySize);
  if (number < 0 || !putValue(value, end, row, number)) return false;
  state.lastKey = number;
  return true;
}

// @ts-ignore: a decorator on a function
@inline
function putValue(value: usize, end: usize, row: u32, number: u32): bool {
  key = number;
  const tag = load<u8>(value);
  if (tag == TAG_STRING) {
    const size = sizeAt(value + 1, end);
    const text = varintEnd;
    return text != 0 && text + size == end && putStringValue(text, size, row);
  }
  if (tag == TAG_INT) {
    const bits = varint(value + 1, end);
    return varintEnd == end && (putUnsigned(bits, row) || putFixed(intMap, bits, row));
  }
  if (tag == TAG_BOOL) {
    const bits = varint(value + 1, end);
    return varintEnd == end && (putBool(bits != 0, row) || putBoolInMap(bits != 0, row));
  }
  if (tag == TAG_DOUBLE && value + 9 == end) {
    const bits = load<u64>(value + 1);
    return putDouble(reinterpret<f64>(bits), row) || putFixed(doubleMap, bits, row);
  }
  return false;
}

// @ts-ignore: a decorator on a function
@inline
function putStringValue(text: usize, size: u32, row: u32): bool {
  const columnKind = kindOf(key);
  if (columnKind == KIND_LOW_CARDINALITY) {
    if (size > 0) {
      const column = changetype<LowCardinality>(columnOf(key));
      if (key == systemKey) noteSystem(text, size);
      const place = column.indexes + (row << 2);
      if (load<u32>(place) == 0) {
        const index = lookup(column.dictionary, text, size);
        if (index > 0) store<u32>(place, index);
        return index > 0;
      }
    }
  } else if (columnKind == KIND_UUID) {
    if (size > 0) {
      const column = changetype<Uuids>(columnOf(key));
      if (key == idKey) noteId(text, size);
      if (!hasUuid(column, row)) return setUuid(column, row, text, size);
    }
  } else if (columnKind == KIND_STRING && size > 0) {
    const column = changetype<Strings>(columnOf(key));
    if (column.rows <= row) return setString(column, row, text, size);
  }
  if (key == systemKey || key == idKey) state.besideColumns = 1;
  else if (key == olderIdKey) noteOlderId(text, size);
  const index = keyIndex(stringMap, key, keyStart, keySize);
  if (index < 0 || !putAscii(stringMap.values, text, size)) return false;
  addEntryOfRow(stringMap, row, index);
  return true;
}

function noteSystem(text: usize, size: u32): void {
  state.systemStart = <u32>(text - request.data);
  state.systemEnd = state.systemStart + size;
}

function noteId(text: usize, size: u32): void {
  state.idStart = <u32>(text - request.data);
  state.idEnd = state.idStart + size;
}

/** An id under the name that it had before: only where there is none under today's. */
function noteOlderId(text: usize, size: u32): void {
  if (state.idEnd > state.idStart) return;
  state.besideColumns = 1;
  noteId(text, size);
}

/** Into an unsigned column that can hold the signed value and has none yet; false where there is none. */
function putUnsigned(bits: u64, row: u32): bool {
  const columnKind = kindOf(key);
  if (bits == 0 || columnKind < KIND_UINT16 || columnKind > KIND_UINT64) return false;
  const column = changetype<Scalar>(columnOf(key));
  if (columnKind == KIND_UINT16) {
    const place = column.values + (row << 1);
    if (bits > 0xffff || load<u16>(place) != 0) return false;
    store<u16>(place, <u16>bits);
  } else if (columnKind == KIND_UINT32) {
    const place = column.values + (row << 2);
    if (bits > 0xffff_ffff || load<u32>(place) != 0) return false;
    store<u32>(place, <u32>bits);
  } else {
    const place = column.values + (row << 3);
    if (<i64>bits < 0 || load<u64>(place) != 0) return false;
    store<u64>(place, bits);
  }
  column.used = 1;
  return true;
}

function putBool(value: bool, row: u32): bool {
  if (kindOf(key) != KIND_BOOL) return false;
  const column = changetype<Scalar>(columnOf(key));
  const place = column.values + row;
  if (load<u8>(place) != 0) return false;
  store<u8>(place, value ? 2 : 1);
  column.used = 1;
  return true;
}

function putDouble(value: f64, row: u32): bool {
  if (kindOf(key) != KIND_FLOAT64) return false;
  const column = changetype<Scalar>(columnOf(key));
  const place = column.values + (row << 3);
  if (value == 0 || load<f64>(place) != 0) return false;
  store<f64>(place, value);
  column.used = 1;
  return true;
}

function putFixed(map: Maps, bits: u64, row: u32): bool {
  const index = keyIndex(map, key, keyStart, keySize);
  if (index < 0) return false;
  putWords(map, <u32>bits, <u32>(bits >>> 32));
  addEntryOfRow(map, row, index);
  return true;
}

function putBoolInMap(value: bool, row: u32): bool {
  const index = keyIndex(boolMap, key, keyStart, keySize);
  if (index < 0) return false;
  putByte(boolMap, value ? 1 : 0);
  addEntryOfRow(boolMap, row, index);
  return true;
}
