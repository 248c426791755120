/** The columns in the kernel's memory, as the block and the TypeScript half of the transcoder see them. */
import type { ByteBuffer } from "./byte-buffer.ts";
import { blockRowsMax } from "./limits.ts";
import { bytesOf, entryCount, writeEnds, writeIndexed } from "./kernel-values.ts";
import { writeLowCardinalityVersion } from "./low-cardinality.ts";
import type { Column, MarkLevel, Numbers, Scalars } from "./native-columns.ts";
import type { Place } from "./kernel-instance.ts";
import type { SpanKernel } from "./span-kernel.ts";

// Fields of the structs in kernel/columns.ts and kernel/memory.ts, by their order.
const DATA = 0;
const LENGTH = 1;
const SCALAR_USED = 1;
const STRINGS_ROWS = 3;
const UUID_TEXT = 2;
const LOW_CARDINALITY_DICTIONARY = 1;
const MAP_TOTAL = 1;
const MAP_INDEXES = 2;
const MAP_VALUES = 3;
const MAP_DICTIONARY = 4;

/** What every column in the kernel's memory has. */
abstract class KernelColumn implements Column {
  readonly name: string;
  readonly type: string;
  readonly place: Place;
  protected readonly kernel: SpanKernel;

  constructor(kernel: SpanKernel, name: string, type: string, place: Place) {
    this.kernel = kernel;
    this.name = name;
    this.type = type;
    this.place = place;
  }

  abstract get used(): boolean;
  abstract writeTo(out: ByteBuffer, rows: number): void;
  abstract rollback(level: MarkLevel, from: number, to: number): void;
  abstract reset(rows: number): void;

  /** The kernel's columns have room for every row of a block. */
  ensureRows(): void {
    return;
  }

  mark(_level: MarkLevel): void {
    return;
  }
}

/** Makes a view of so many numbers. */
type View<T extends Scalars> = new (buffer: ArrayBuffer, at: number, length: number) => T;

/** One number a row; `perRow` numbers of 32 bits where it is wider. */
export class KernelScalarColumn<T extends Scalars> extends KernelColumn implements Numbers<T> {
  readonly #make: View<T>;
  readonly #perRow: number;
  #values: T;

  constructor(kernel: SpanKernel, place: Place, name: string, type: string, make: View<T>, perRow = 1) {
    super(kernel, name, type, place);
    this.#make = make;
    this.#perRow = perRow;
    this.#values = this.#view();
  }

  get values(): T {
    // A view has no length once the memory has grown.
    if (this.#values.length === 0) this.#values = this.#view();
    return this.#values;
  }

  get used(): boolean {
    return this.kernel.field(this.place, SCALAR_USED) !== 0;
  }

  set used(used: boolean) {
    this.kernel.setField(this.place, SCALAR_USED, used ? 1 : 0);
  }

  writeTo(out: ByteBuffer, rows: number): void {
    const { values } = this;
    out.append(new Uint8Array(values.buffer, values.byteOffset, rows * this.#perRow * values.BYTES_PER_ELEMENT));
  }

  rollback(_level: MarkLevel, from: number, to: number): void {
    this.values.fill(0, from * this.#perRow, (to + 1) * this.#perRow);
  }

  reset(rows: number): void {
    if (this.used) this.values.fill(0, 0, rows * this.#perRow);
    this.used = false;
  }

  #view(): T {
    const { buffer } = this.kernel.exports.memory;
    return new this.#make(buffer, this.kernel.field(this.place, DATA), blockRowsMax * this.#perRow);
  }
}

/** One string a row; rows that nobody set are filled in when a later one is. */
export class KernelStringColumn extends KernelColumn {
  readonly #marks = [0, 0, 0, 0];

  constructor(kernel: SpanKernel, place: Place, name: string) {
    super(kernel, name, "String", place);
  }

  get used(): boolean {
    return this.has(0);
  }

  has(row: number): boolean {
    return this.kernel.field(this.place, STRINGS_ROWS) > row;
  }

  /** Sets a row that {@link has} none yet to a text of the request; returns whether it was UTF-8. */
  set(row: number, start: number, end: number): boolean {
    const { at, size, asItCame } = this.kernel.stored(start, end);
    this.kernel.exports.setAnyString(this.place, row, at, size);
    return asItCame;
  }

  writeTo(out: ByteBuffer, rows: number): void {
    this.kernel.exports.fillStrings(this.place, rows);
    out.append(bytesOf(this.kernel, this.place));
  }

  override mark(level: MarkLevel): void {
    this.#marks[level * 2] = this.kernel.field(this.place, STRINGS_ROWS);
    this.#marks[level * 2 + 1] = this.kernel.field(this.place, LENGTH);
  }

  rollback(level: MarkLevel): void {
    this.#end(this.#marks[level * 2] as number, this.#marks[level * 2 + 1] as number);
  }

  reset(): void {
    this.#end(0, 0);
  }

  #end(rows: number, length: number): void {
    this.kernel.setField(this.place, STRINGS_ROWS, rows);
    this.kernel.setField(this.place, LENGTH, length);
  }
}

/** The columns `<name>_uuid` and `<name>_text` of an attribute's column `<name>_id`; one of them has the value. */
export class KernelUuidColumn {
  readonly place: Place;
  readonly uuid: KernelScalarColumn<Uint32Array>;
  readonly text: KernelStringColumn;
  readonly #kernel: SpanKernel;

  constructor(kernel: SpanKernel, place: Place, idColumn: string) {
    const name = idColumn.replace(/_id$/, "");
    this.#kernel = kernel;
    this.place = place;
    this.uuid = new KernelScalarColumn(kernel, place, `${name}_uuid`, "UUID", Uint32Array, 4);
    this.text = new KernelStringColumn(kernel, kernel.field(place, UUID_TEXT), `${name}_text`);
  }

  has(row: number): boolean {
    return this.uuid.values.subarray(row * 4, row * 4 + 4).some((word) => word !== 0) || this.text.has(row);
  }

  /** Sets a row that {@link has} none yet; returns whether the bytes were UTF-8. */
  set(row: number, start: number, end: number): boolean {
    const { request, exports } = this.#kernel;
    return exports.setUuid(this.place, row, request + start, end - start) !== 0 || this.text.set(row, start, end);
  }
}

/** One string a row, each row as its number in the block's dictionary. */
export class KernelLowCardinalityColumn extends KernelColumn {
  readonly #dictionary: Place;

  constructor(kernel: SpanKernel, place: Place, name: string) {
    super(kernel, name, "LowCardinality(String)", place);
    this.#dictionary = kernel.field(place, LOW_CARDINALITY_DICTIONARY);
  }

  get used(): boolean {
    return entryCount(this.kernel, this.#dictionary) > 1;
  }

  has(row: number): boolean {
    return this.kernel.field(this.kernel.field(this.place, DATA), row) !== 0;
  }

  /** Sets a row to a text of the request. */
  set(row: number, start: number, end: number): void {
    const entry = this.kernel.lookup(this.#dictionary, start, end);
    this.kernel.setField(this.kernel.field(this.place, DATA), row, entry);
  }

  writeTo(out: ByteBuffer, rows: number): void {
    writeLowCardinalityVersion(out);
    writeIndexed(out, this.kernel, this.#dictionary, this.kernel.field(this.place, DATA), rows);
  }

  rollback(_level: MarkLevel, from: number, to: number): void {
    this.#indexes(from, to + 1).fill(0);
  }

  reset(rows: number): void {
    if (this.used) this.#indexes(0, rows).fill(0);
    this.kernel.exports.resetDictionary(this.#dictionary);
  }

  #indexes(from: number, to: number): Uint32Array {
    const first = this.kernel.field(this.place, DATA) >>> 2;
    return this.kernel.words.subarray(first + from, first + to);
  }
}

/** `Map(LowCardinality(String), V)`. */
export class KernelMapColumn extends KernelColumn {
  readonly #indexes: Place;
  readonly #values: Place;
  readonly #dictionary: Place;
  readonly #marks = [0, 0, 0, 0, 0, 0];

  constructor(kernel: SpanKernel, place: Place, name: string, valueType: string) {
    super(kernel, name, `Map(LowCardinality(String), ${valueType})`, place);
    this.#indexes = kernel.field(place, MAP_INDEXES);
    this.#values = kernel.field(place, MAP_VALUES);
    this.#dictionary = kernel.field(place, MAP_DICTIONARY);
  }

  get used(): boolean {
    return this.kernel.field(this.place, MAP_TOTAL) > 0;
  }

  /** Adds an entry to `row`, whose key has a number and is a text of the request; its value is to be put next. */
  addKey(row: number, key: number, start: number, end: number): void {
    const { kernel } = this;
    const text = kernel.request + start;
    let index = kernel.exports.keyIndex(this.place, key, text, end - start);
    if (index < 0) {
      const { at, size } = kernel.stored(start, end);
      index = kernel.exports.addKey(this.place, key, text, end - start, at, size);
    }
    kernel.exports.addEntryOfRow(this.place, row, index);
  }

  /** Puts a text of the request; returns whether it was UTF-8. */
  putString(start: number, end: number): boolean {
    const { at, size, asItCame } = this.kernel.stored(start, end);
    this.kernel.exports.putText(this.#values, at, size);
    return asItCame;
  }

  putWords(low: number, high: number): void {
    this.kernel.exports.putWords(this.place, low, high);
  }

  putByte(byte: number): void {
    this.kernel.exports.putByte(this.place, byte);
  }

  writeTo(out: ByteBuffer, rows: number): void {
    const { kernel } = this;
    writeLowCardinalityVersion(out);
    writeEnds(out, kernel, kernel.field(this.place, DATA), rows);
    const entries = kernel.field(this.#indexes, LENGTH) >>> 2;
    writeIndexed(out, kernel, this.#dictionary, kernel.field(this.#indexes, DATA), entries);
    out.append(bytesOf(kernel, this.#values));
  }

  override mark(level: MarkLevel): void {
    this.#marks[level * 3] = this.kernel.field(this.place, MAP_TOTAL);
    this.#marks[level * 3 + 1] = this.kernel.field(this.#indexes, LENGTH);
    this.#marks[level * 3 + 2] = this.kernel.field(this.#values, LENGTH);
  }

  rollback(level: MarkLevel, from: number, to: number): void {
    const counts = this.kernel.field(this.place, DATA) >>> 2;
    this.kernel.words.fill(0, counts + from, counts + to + 1);
    this.kernel.setField(this.place, MAP_TOTAL, this.#marks[level * 3] as number);
    this.kernel.setField(this.#indexes, LENGTH, this.#marks[level * 3 + 1] as number);
    this.kernel.setField(this.#values, LENGTH, this.#marks[level * 3 + 2] as number);
  }

  reset(rows: number): void {
    this.kernel.exports.resetMaps(this.place, rows);
  }
}
