/**
 * Columns of ClickHouse's Native format, filled row by row in memory that is used again for the next block.
 *
 * Columns of a fixed width are indexed by row and zero where nothing was set; the others are appended to. A column
 * in which nothing was set is left out of the block: the server fills in its default.
 *
 * @see https://clickhouse.com/docs/interfaces/formats/Native
 * @see https://github.com/ClickHouse/ClickHouse/blob/master/src/DataTypes/Serializations/SerializationLowCardinality.cpp
 */
import { ByteBuffer, type Source } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";

/** What the block does with each of its columns. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** Whether any row has another value than the default. */
  readonly used: boolean;
  /** Makes room for `rows` rows in all. */
  ensureRows(rows: number): void;
  /** Appends the column's data of `rows` rows to `out`. */
  writeTo(out: ByteBuffer, rows: number): void;
  /** Remembers the present end at `level` (0: of a request, 1: of a span), for {@link rollback}. */
  mark(level: MarkLevel): void;
  /** Takes back what was written since {@link mark}: rows `from` to `to`, the latter included. */
  rollback(level: MarkLevel, from: number, to: number): void;
  /** Empties the column, in which `rows` rows were written. */
  reset(rows: number): void;
}

/** Of a whole request, or of one span of it. */
export type MarkLevel = 0 | 1;

type Scalars = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** One number a row; two 32-bit halves where `perRow` is 2. */
export class ScalarColumn<T extends Scalars> implements Column {
  readonly name: string;
  readonly type: string;
  values: T;
  used = false;
  readonly #perRow: number;
  readonly #make: (length: number) => T;

  constructor(name: string, type: string, make: (length: number) => T, perRow = 1) {
    this.name = name;
    this.type = type;
    this.#make = make;
    this.#perRow = perRow;
    this.values = make(0);
  }

  ensureRows(rows: number): void {
    const wanted = rows * this.#perRow;
    if (wanted <= this.values.length) return;
    const grown = this.#make(wanted);
    grown.set(this.values);
    this.values = grown;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    const { values } = this;
    const size = rows * this.#perRow * values.BYTES_PER_ELEMENT;
    out.append(new Uint8Array(values.buffer, values.byteOffset, size));
  }

  mark(): void {
    return;
  }

  rollback(_level: MarkLevel, from: number, to: number): void {
    this.values.fill(0, from * this.#perRow, (to + 1) * this.#perRow);
  }

  reset(rows: number): void {
    if (this.used) this.values.fill(0, 0, rows * this.#perRow);
    this.used = false;
  }
}

export const u8Column = (name: string) => new ScalarColumn(name, "UInt8", (length) => new Uint8Array(length));
export const u16Column = (name: string) => new ScalarColumn(name, "UInt16", (length) => new Uint16Array(length));
export const u32Column = (name: string) => new ScalarColumn(name, "UInt32", (length) => new Uint32Array(length));
export const f64Column = (name: string) => new ScalarColumn(name, "Float64", (length) => new Float64Array(length));
/** Low half first. `type` may be any that ClickHouse keeps in 64 bits. */
export const u64Column = (name: string, type = "UInt64") =>
  new ScalarColumn(name, type, (length) => new Uint32Array(length), 2);
export const fixedStringColumn = (name: string, width: number) =>
  new ScalarColumn(name, `FixedString(${String(width)})`, (length) => new Uint8Array(length), width);

/** One string a row; rows that nobody set are filled in when a later one is. */
export class StringColumn implements Column {
  readonly name: string;
  readonly type = "String";
  readonly #data = new ByteBuffer();
  #rows = 0;
  readonly #markRows = [0, 0];
  readonly #markLength = [0, 0];

  constructor(name: string) {
    this.name = name;
  }

  get used(): boolean {
    return this.#rows > 0;
  }

  has(row: number): boolean {
    return this.#rows > row;
  }

  /** Sets a row that {@link has} none yet; returns whether the bytes were UTF-8. */
  set(row: number, source: Source, start: number, end: number): boolean {
    this.#fill(row);
    this.#rows = row + 1;
    return this.#data.string(source, start, end);
  }

  ensureRows(): void {
    return;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    this.#fill(rows);
    out.raw(this.#data, 0, this.#data.length);
  }

  mark(level: MarkLevel): void {
    this.#markRows[level] = this.#rows;
    this.#markLength[level] = this.#data.length;
  }

  rollback(level: MarkLevel): void {
    this.#rows = this.#markRows[level] as number;
    this.#data.length = this.#markLength[level] as number;
  }

  reset(): void {
    this.#rows = 0;
    this.#data.length = 0;
  }

  #fill(rows: number): void {
    while (this.#rows < rows) {
      this.#data.byte(0);
      this.#rows += 1;
    }
  }
}

/** One string a row, each row as its number in the block's dictionary. */
export class LowCardinalityColumn implements Column {
  readonly name: string;
  readonly type = "LowCardinality(String)";
  readonly dictionary = new Dictionary();
  indexes = new Uint32Array(0);

  constructor(name: string) {
    this.name = name;
  }

  get used(): boolean {
    return this.dictionary.count > 1;
  }

  ensureRows(rows: number): void {
    if (rows <= this.indexes.length) return;
    const grown = new Uint32Array(rows);
    grown.set(this.indexes);
    this.indexes = grown;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    writeLowCardinalityVersion(out);
    writeLowCardinality(out, this.dictionary, this.indexes, rows);
  }

  mark(): void {
    return;
  }

  rollback(_level: MarkLevel, from: number, to: number): void {
    this.indexes.fill(0, from, to + 1);
  }

  reset(rows: number): void {
    if (this.used) this.indexes.fill(0, 0, rows);
    this.dictionary.reset();
  }
}

/** Numbers that grow: entries of arrays as indexes into a dictionary. */
export class IndexList {
  values = new Uint32Array(1_024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }
}

/** How many entries each row's array has; shared by arrays that always have equally many. */
export class ArrayLengths {
  counts = new Uint32Array(0);
  total = 0;
  readonly #mark = [0, 0];

  ensureRows(rows: number): void {
    if (rows <= this.counts.length) return;
    const grown = new Uint32Array(rows);
    grown.set(this.counts);
    this.counts = grown;
  }

  /** One entry more in `row`. */
  add(row: number): void {
    this.counts[row] = (this.counts[row] as number) + 1;
    this.total += 1;
  }

  /** Appends ClickHouse's offsets: where each row's array ends, 64 bits a row. */
  writeTo(out: ByteBuffer, rows: number): void {
    const offsets = new Uint32Array(rows * 2);
    let end = 0;
    for (let row = 0; row < rows; row += 1) {
      end += this.counts[row] as number;
      offsets[row * 2] = end;
    }
    out.append(new Uint8Array(offsets.buffer));
  }

  mark(level: MarkLevel): void {
    this.#mark[level] = this.total;
  }

  rollback(level: MarkLevel, from: number, to: number): void {
    this.counts.fill(0, from, to + 1);
    this.total = this.#mark[level] as number;
  }

  reset(rows: number): void {
    if (this.total > 0) this.counts.fill(0, 0, rows);
    this.total = 0;
  }
}

/** Arrays whose entries' bytes are simply appended: `Array(String)`, `Array(UInt64)`, `Array(FixedString(8))` ... */
export class ArrayColumn implements Column {
  readonly name: string;
  readonly type: string;
  readonly entries = new ByteBuffer();
  readonly lengths: ArrayLengths;
  readonly #mark = [0, 0];

  constructor(name: string, type: string, lengths: ArrayLengths) {
    this.name = name;
    this.type = type;
    this.lengths = lengths;
  }

  get used(): boolean {
    return this.lengths.total > 0;
  }

  ensureRows(rows: number): void {
    this.lengths.ensureRows(rows);
  }

  writeTo(out: ByteBuffer, rows: number): void {
    this.lengths.writeTo(out, rows);
    out.raw(this.entries, 0, this.entries.length);
  }

  mark(level: MarkLevel): void {
    this.lengths.mark(level);
    this.#mark[level] = this.entries.length;
  }

  rollback(level: MarkLevel, from: number, to: number): void {
    this.lengths.rollback(level, from, to);
    this.entries.length = this.#mark[level] as number;
  }

  reset(rows: number): void {
    this.lengths.reset(rows);
    this.entries.length = 0;
  }
}

/** `Array(LowCardinality(String))`. */
export class LowCardinalityArrayColumn implements Column {
  readonly name: string;
  readonly type = "Array(LowCardinality(String))";
  readonly dictionary = new Dictionary();
  readonly indexes = new IndexList();
  readonly lengths: ArrayLengths;
  readonly #mark = [0, 0];

  constructor(name: string, lengths: ArrayLengths) {
    this.name = name;
    this.lengths = lengths;
  }

  get used(): boolean {
    return this.lengths.total > 0;
  }

  ensureRows(rows: number): void {
    this.lengths.ensureRows(rows);
  }

  writeTo(out: ByteBuffer, rows: number): void {
    writeLowCardinalityVersion(out);
    this.lengths.writeTo(out, rows);
    writeLowCardinality(out, this.dictionary, this.indexes.values, this.indexes.length);
  }

  mark(level: MarkLevel): void {
    this.lengths.mark(level);
    this.#mark[level] = this.indexes.length;
  }

  rollback(level: MarkLevel, from: number, to: number): void {
    this.lengths.rollback(level, from, to);
    this.indexes.length = this.#mark[level] as number;
  }

  reset(rows: number): void {
    this.lengths.reset(rows);
    this.indexes.length = 0;
    this.dictionary.reset();
  }
}

/**
 * `Map(LowCardinality(String), V)`; the caller appends each value's bytes to `values` after {@link addKey}.
 *
 * Keys come with the number that the caller knows them by, so that a key is looked up once a block.
 */
export class MapColumn implements Column {
  readonly name: string;
  readonly type: string;
  readonly values = new ByteBuffer();
  readonly #keys = new Dictionary();
  /** By number of key: its index in this block's dictionary, 0 where it is not in it yet. */
  readonly #indexOfKey: number[] = [];
  readonly #seenKeys: number[] = [];
  readonly #indexes = new IndexList();
  readonly #lengths = new ArrayLengths();
  readonly #markIndexes = [0, 0];
  readonly #markValues = [0, 0];

  constructor(name: string, valueType: string) {
    this.name = name;
    this.type = `Map(LowCardinality(String), ${valueType})`;
  }

  get used(): boolean {
    return this.#lengths.total > 0;
  }

  /** Keys that were not UTF-8, in this block. */
  get repaired(): number {
    return this.#keys.repaired;
  }

  addKey(row: number, key: number, source: Source, start: number, end: number): void {
    let index = this.#indexOfKey[key];
    if (index === undefined || index === 0) {
      index = this.#keys.lookup(source, start, end);
      this.#indexOfKey[key] = index;
      this.#seenKeys.push(key);
    }
    this.#indexes.push(index);
    this.#lengths.add(row);
  }

  ensureRows(rows: number): void {
    this.#lengths.ensureRows(rows);
  }

  writeTo(out: ByteBuffer, rows: number): void {
    writeLowCardinalityVersion(out);
    this.#lengths.writeTo(out, rows);
    writeLowCardinality(out, this.#keys, this.#indexes.values, this.#indexes.length);
    out.raw(this.values, 0, this.values.length);
  }

  mark(level: MarkLevel): void {
    this.#lengths.mark(level);
    this.#markIndexes[level] = this.#indexes.length;
    this.#markValues[level] = this.values.length;
  }

  rollback(level: MarkLevel, from: number, to: number): void {
    this.#lengths.rollback(level, from, to);
    this.#indexes.length = this.#markIndexes[level] as number;
    this.values.length = this.#markValues[level] as number;
  }

  reset(rows: number): void {
    this.#lengths.reset(rows);
    this.#indexes.length = 0;
    this.values.length = 0;
    this.#keys.reset();
    for (const key of this.#seenKeys) this.#indexOfKey[key] = 0;
    this.#seenKeys.length = 0;
  }
}

/** SharedDictionariesWithAdditionalKeys, the only version there is. */
function writeLowCardinalityVersion(out: ByteBuffer): void {
  out.u32(1);
  out.u32(0);
}

/** HasAdditionalKeysBit and NeedUpdateDictionary: the block brings its own dictionary. */
const OWN_DICTIONARY = 0x600;

function writeLowCardinality(out: ByteBuffer, dictionary: Dictionary, indexes: Uint32Array, length: number): void {
  if (length === 0) return;
  const { count } = dictionary;
  const width = count <= 0x100 ? 1 : count <= 0x1_0000 ? 2 : 4;
  out.u32(OWN_DICTIONARY | (width >> 1));
  out.u32(0);
  out.u32(count);
  out.u32(0);
  out.raw(dictionary.written, 0, dictionary.written.length);
  out.u32(length);
  out.u32(0);
  out.reserve(length * width);
  const narrow = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const view = narrow.from(indexes.subarray(0, length));
  out.append(new Uint8Array(view.buffer));
}
