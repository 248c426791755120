/** Columns of a Native answer, by their types: those that spans are read in. */
import type { NativeCursor } from "./native-cursor.ts";

/** A value for each row. */
export interface FlatColumn<Value = string | number> {
  readonly values: ArrayLike<Value>;
  /** All are '' or 0. */
  readonly isBlank: boolean;
}

/** A list for each row: the items of row n are those from the end of row n - 1 to its own. */
export interface ListColumn {
  readonly ends: Uint32Array;
  readonly items: Column;
  /** All are empty. */
  readonly isBlank: boolean;
}

/** The same of a map, whose keys lie beside its values. */
export interface MapColumn extends ListColumn {
  readonly keys: FlatColumn;
}

/** A column of any of the three forms. */
export type Column = FlatColumn | ListColumn | MapColumn;

/** Reads a column of one type. */
interface ColumnReader {
  /** What comes before the values, nested ones included, where the type has such. */
  readPrefix(cursor: NativeCursor): void;
  read(cursor: NativeCursor, count: number): Column;
}

const NO_PREFIX = () => {};

function numbers(width: number, view: (bytes: ArrayBuffer) => ArrayLike<string | number>): ColumnReader {
  return {
    readPrefix: NO_PREFIX,
    read(cursor, count) {
      const isBlank = cursor.isZero(count * width);
      return { values: view(cursor.take(count * width)), isBlank };
    },
  };
}

/** Numbers where a double holds them exactly, else their decimal digits. */
function exact(of: BigInt64Array | BigUint64Array): (string | number)[] {
  const halves = new Uint32Array(of.buffer);
  const values = new Array<string | number>(of.length);
  for (let at = 0; at < of.length; at += 1) {
    // What fits in 53 bits and has no sign is most of what there is.
    const high = halves[at * 2 + 1] as number;
    if (high < 0x20_0000) values[at] = high * 0x1_0000_0000 + (halves[at * 2] as number);
    else values[at] = Number.isSafeInteger(Number(of[at])) ? Number(of[at]) : String(of[at]);
  }
  return values;
}

const UUID_BYTES = 16;

/** As text; '' for the nil one, which stands for absent. */
const UUIDS: ColumnReader = {
  readPrefix: NO_PREFIX,
  read(cursor, count) {
    const isBlank = cursor.isZero(count * UUID_BYTES);
    const values = new Array<string>(count).fill("");
    const start = cursor.skip(count * UUID_BYTES);
    // Each half is a little-endian number.
    const digits = isBlank ? "" : Buffer.from(cursor.bytes.subarray(start, cursor.at)).swap64().toString("hex");
    for (let row = 0, at = 0; at < digits.length; row += 1, at += 2 * UUID_BYTES) {
      const hex = digits.slice(at, at + 2 * UUID_BYTES);
      if (hex === NIL) continue;
      values[row] = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }
    return { values, isBlank };
  },
};
const NIL = "0".repeat(2 * UUID_BYTES);

/** Bytes of one length, such as ids, in hex. */
function hex(width: number): ColumnReader {
  return {
    readPrefix: NO_PREFIX,
    read(cursor, count) {
      const start = cursor.skip(count * width);
      const digits = cursor.bytes.toString("hex", start, cursor.at);
      const values = Array.from({ length: count }, (_, row) => digits.slice(row * width * 2, (row + 1) * width * 2));
      return { values, isBlank: count === 0 };
    },
  };
}

const TEXTS: ColumnReader = {
  readPrefix: NO_PREFIX,
  read(cursor, count) {
    // The length of '' is a byte of zero.
    if (!cursor.isZero(count)) return { values: cursor.texts(count), isBlank: false };
    cursor.skip(count);
    return { values: new Array<string>(count).fill(""), isBlank: true };
  },
};

/** The width of a position, of which the lowest byte of a block's flags is the logarithm. */
const POSITION_VIEWS = [Uint8Array, Uint16Array, Uint32Array] as const;
/** A dictionary shared by all blocks, which answers over HTTP have not. */
const GLOBAL_DICTIONARY = 0x100;

/** Texts of which each is told once: all rows that have it share it. */
const LOW_CARDINALITY: ColumnReader = {
  readPrefix: (cursor) => void cursor.skip(8),
  read(cursor, count) {
    if (count === 0) return { values: [], isBlank: true };
    const flags = cursor.length64();
    const View = POSITION_VIEWS[flags & 0xff];
    if (View === undefined || (flags & GLOBAL_DICTIONARY) !== 0) throw new Error("a dictionary of an unknown form");
    const texts = cursor.texts(cursor.length64());
    const positions = new View(cursor.take(cursor.length64() * View.BYTES_PER_ELEMENT));
    // Not `Array.from`, which makes an object for each.
    const values = new Array<string>(positions.length);
    for (let row = 0; row < positions.length; row += 1) values[row] = texts[positions[row] as number] ?? "";
    return { values, isBlank: texts.every((text) => text === "") };
  },
};

function ends(cursor: NativeCursor, count: number): Uint32Array {
  const halves = new Uint32Array(cursor.take(count * 8));
  const lows = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) lows[row] = halves[row * 2] as number;
  return lows;
}

function lists(item: ColumnReader): ColumnReader {
  return {
    readPrefix: (cursor) => item.readPrefix(cursor),
    read(cursor, count) {
      const each = ends(cursor, count);
      const total = each.at(-1) ?? 0;
      return { ends: each, items: item.read(cursor, total), isBlank: total === 0 };
    },
  };
}

function maps(key: ColumnReader, value: ColumnReader): ColumnReader {
  return {
    readPrefix(cursor) {
      key.readPrefix(cursor);
      value.readPrefix(cursor);
    },
    read(cursor, count) {
      const each = ends(cursor, count);
      const total = each.at(-1) ?? 0;
      const keys = key.read(cursor, total) as FlatColumn;
      return { ends: each, keys, items: value.read(cursor, total), isBlank: total === 0 };
    },
  };
}

const READERS: Readonly<Record<string, ColumnReader>> = {
  UInt8: numbers(1, (bytes) => new Uint8Array(bytes)),
  UInt16: numbers(2, (bytes) => new Uint16Array(bytes)),
  UInt32: numbers(4, (bytes) => new Uint32Array(bytes)),
  UInt64: numbers(8, (bytes) => exact(new BigUint64Array(bytes))),
  Int64: numbers(8, (bytes) => exact(new BigInt64Array(bytes))),
  Float64: numbers(8, (bytes) => new Float64Array(bytes)),
  "FixedString(8)": hex(8),
  "FixedString(16)": hex(16),
  UUID: UUIDS,
  String: TEXTS,
  "LowCardinality(String)": LOW_CARDINALITY,
};

/**
 * Reads a column of this type of `count` rows.
 *
 * @throws Error for a type that no span has, and bytes that end too early
 */
export function readColumn(cursor: NativeCursor, type: string, count: number): Column {
  const reader = readerOf(type);
  reader.readPrefix(cursor);
  return reader.read(cursor, count);
}

function readerOf(type: string): ColumnReader {
  const known = READERS[type];
  if (known) return known;
  const [, outer, inner = ""] = /^(Array|Map)\((.*)\)$/.exec(type) ?? [];
  if (outer === "Array") return lists(readerOf(inner));
  // No key of a map has a comma in its type.
  const comma = inner.indexOf(", ");
  if (outer === "Map" && comma > 0) return maps(readerOf(inner.slice(0, comma)), readerOf(inner.slice(comma + 2)));
  throw new Error(`an answer has a column of type ${type}, which is not read`);
}
