/**
 * Columns of ClickHouse's Native format, filled row by row in memory that is used again for the next block.
 *
 * Columns of a fixed width are indexed by row and zero where nothing was set; the others are appended to. A column
 * in which nothing was set is left out of the block: the server fills in its default.
 *
 * @see https://clickhouse.com/docs/interfaces/formats/Native
 * @see https://github.com/ClickHouse/ClickHouse/blob/master/src/DataTypes/Serializations/SerializationLowCardinality.cpp
 */
import { ByteBuffer } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";
import { writeLowCardinality, writeLowCardinalityVersion } from "./low-cardinality.ts";

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

/** Numbers of one width. */
export type Scalars = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Numbers by row; whoever sets one says that they are used. */
export interface Numbers<T extends Scalars> {
  readonly values: T;
  used: boolean;
}

/** One number a row; two 32-bit halves where `perRow` is 2. */
export class ScalarColumn<T extends Scalars> implements Column, Numbers<T> {
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

/** Sets a number; a column of zeros alone stays out of the block. */
export function setSmall(column: Numbers<Uint8Array | Uint32Array>, row: number, value: number): void {
  column.values[row] = value;
  if (value !== 0) column.used = true;
}

/** Whole numbers from 0 to 255. */
export const u8Column = (name: string) => new ScalarColumn(name, "UInt8", (length) => new Uint8Array(length));
/** Whole numbers below 2^64, low half first. */
export const u64Column = (name: string) => new ScalarColumn(name, "UInt64", (length) => new Uint32Array(length), 2);

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
  set(row: number, source: DataView, start: number, end: number): boolean {
    if (this.#rows < row) this.#fill(row);
    this.#rows = row + 1;
    return this.#data.string(source, start, end);
  }

  ensureRows(): void {
    return;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    this.#fill(rows);
    out.raw(this.#data.view, 0, this.#data.length);
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

  /** Sets a row to a string that is not empty; false, and nothing done, where it has one. */
  set(row: number, source: DataView, start: number, end: number): boolean {
    if (this.indexes[row] !== 0) return false;
    this.indexes[row] = this.dictionary.lookup(source, start, end);
    return true;
  }

  ensureRows(rows: number): void {
    if (rows <= this.indexes.length) return;
    const grown = new Uint32Array(rows);
    grown.set(this.indexes);
    this.indexes = grown;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    writeLowCardinalityVersion(out);
    writeLowCardinality(out, this.dictionary.entries, this.indexes.subarray(0, rows));
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
