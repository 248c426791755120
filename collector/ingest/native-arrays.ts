/** Columns of arrays and maps in the Native format: offsets, then the entries of all rows one after another. */
import { ByteBuffer } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";
import { writeLowCardinality, writeLowCardinalityVersion } from "./low-cardinality.ts";
import type { Column, MarkLevel } from "./native-columns.ts";

/** Numbers that grow: entries of arrays as indexes into a dictionary. */
class IndexList {
  values = new Uint32Array(1_024);
  length = 0;

  get used(): Uint32Array {
    return this.values.subarray(0, this.length);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }
}

/** Appends ClickHouse's offsets: where each row's array of so many entries ends, 64 bits a row. */
function writeOffsets(out: ByteBuffer, counts: Uint32Array): void {
  const offsets = new Uint32Array(counts.length * 2);
  let end = 0;
  for (let row = 0; row < counts.length; row += 1) {
    end += counts[row] as number;
    offsets[row * 2] = end;
  }
  out.append(new Uint8Array(offsets.buffer));
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

  /** One entry less in `row`, which must be the last one with any. */
  remove(row: number): void {
    this.counts[row] = (this.counts[row] as number) - 1;
    this.total -= 1;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    writeOffsets(out, this.counts.subarray(0, rows));
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
    out.raw(this.entries.view, 0, this.entries.length);
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
    writeLowCardinality(out, this.dictionary.entries, this.indexes.used);
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

  addKey(row: number, key: number, source: DataView, start: number, end: number): void {
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
    writeLowCardinality(out, this.#keys.entries, this.#indexes.used);
    out.raw(this.values.view, 0, this.values.length);
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
