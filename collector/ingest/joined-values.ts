/** Values of one type out of several Native blocks, one after another: what a joined block has as a column. */
import { ByteBuffer } from "./byte-buffer.ts";
import { Dictionary } from "./dictionary.ts";
import { writeLowCardinality } from "./low-cardinality.ts";
import type { NativeReader } from "./native-reader.ts";

/** Appended to block by block. */
export interface JoinedValues {
  /** Takes the next `count` values out of a block. */
  read(source: NativeReader, count: number): void;
  /** Appends the type's default `count` times. */
  skip(count: number): void;
  writeTo(out: ByteBuffer): void;
  reset(): void;
}

/** Bytes a value, of the types that {@link SpanBlock} writes. */
const FIXED_BYTES: ReadonlyMap<string, number> = new Map([
  ...([["UInt8", 1] as const, ["UInt16", 2] as const, ["UInt32", 4] as const]),
  ...(["UInt64", "Int64", "Float64", "DateTime64(9)"] as const).map((type) => [type, 8] as const),
  ["UUID", 16] as const,
]);
const DICTIONARY_TYPE = "LowCardinality(String)";
const MAP_START = `Map(${DICTIONARY_TYPE}, `;
const ARRAY_START = "Array(";

/**
 * Empty values of a type.
 *
 * @throws Error where no block of ours has that type
 */
export function joinedValues(type: string): JoinedValues {
  const fixedBytes = FIXED_BYTES.get(type) ?? Number(/^FixedString\((\d+)\)$/.exec(type)?.[1] ?? 0);
  if (fixedBytes > 0) return new FixedValues(fixedBytes);
  if (type === "String") return new StringValues();
  if (type === DICTIONARY_TYPE) return new DictionaryValues();
  if (type.startsWith(MAP_START)) {
    return new ListValues([new DictionaryValues(), joinedValues(type.slice(MAP_START.length, -1))]);
  }
  if (type.startsWith(ARRAY_START)) return new ListValues([joinedValues(type.slice(ARRAY_START.length, -1))]);
  throw new Error(`blocks with values of type ${type} cannot be joined`);
}

class FixedValues implements JoinedValues {
  readonly #sizeBytes: number;
  readonly #data = new ByteBuffer();

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  read(source: NativeReader, count: number): void {
    this.#data.append(source.take(count * this.#sizeBytes));
  }

  skip(count: number): void {
    this.#data.zeros(count * this.#sizeBytes);
  }

  writeTo(out: ByteBuffer): void {
    out.append(this.#data.bytes.subarray(0, this.#data.length));
  }

  reset(): void {
    this.#data.length = 0;
  }
}

class StringValues implements JoinedValues {
  readonly #data = new ByteBuffer();

  read(source: NativeReader, count: number): void {
    const start = source.position;
    for (let index = 0; index < count; index += 1) {
      const size = source.varint();
      source.position += size;
    }
    this.#data.append(source.bytes.subarray(start, source.position));
  }

  skip(count: number): void {
    this.#data.zeros(count);
  }

  writeTo(out: ByteBuffer): void {
    out.append(this.#data.bytes.subarray(0, this.#data.length));
  }

  reset(): void {
    this.#data.length = 0;
  }
}

/** Each block has a dictionary of its own: its numbers become those of the joined one. */
class DictionaryValues implements JoinedValues {
  readonly #dictionary = new Dictionary();
  #indexes = new Uint32Array(0);
  #length = 0;
  /** By number in the block at hand: the number in the joined dictionary. */
  #joinedNumber = new Uint32Array(0);

  read(source: NativeReader, count: number): void {
    // Of no values there is no dictionary either.
    if (count === 0) return;
    this.#reserve(count);
    const widthBytes = 1 << (source.u64() & 0xff);
    const entries = source.u64();
    if (entries > this.#joinedNumber.length) this.#joinedNumber = new Uint32Array(entries * 2);
    const joined = this.#joinedNumber;
    for (let entry = 0; entry < entries; entry += 1) {
      const size = source.varint();
      joined[entry] = this.#dictionary.lookup(source.view, source.position, source.position + size);
      source.position += size;
    }
    if (source.u64() !== count) throw new Error("a dictionary's column has another length than its block");
    const { bytes, view } = source;
    const at = source.take(count * widthBytes).byteOffset - bytes.byteOffset;
    const indexes = this.#indexes;
    let to = this.#length;
    this.#length += count;
    const end = at + count * widthBytes;
    if (widthBytes === 1) {
      for (let index = at; index < end; index += 1) indexes[to++] = joined[bytes[index] as number] as number;
    } else if (widthBytes === 2) {
      for (let index = at; index < end; index += 2) indexes[to++] = joined[view.getUint16(index, true)] as number;
    } else {
      for (let index = at; index < end; index += 4) indexes[to++] = joined[view.getUint32(index, true)] as number;
    }
  }

  skip(count: number): void {
    this.#reserve(count);
    this.#indexes.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  writeTo(out: ByteBuffer): void {
    writeLowCardinality(out, this.#dictionary.entries, this.#indexes.subarray(0, this.#length));
  }

  reset(): void {
    this.#length = 0;
    this.#dictionary.reset();
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#indexes.length) return;
    const grown = new Uint32Array(Math.max(wanted, this.#indexes.length * 2));
    grown.set(this.#indexes.subarray(0, this.#length));
    this.#indexes = grown;
  }
}

/** Arrays and maps: where each ends among the entries, then the entries, in one part or as keys and values. */
class ListValues implements JoinedValues {
  readonly #parts: readonly JoinedValues[];
  readonly #ends = new ByteBuffer();
  #entries = 0;

  constructor(parts: readonly JoinedValues[]) {
    this.#parts = parts;
  }

  read(source: NativeReader, count: number): void {
    const before = this.#entries;
    const ends = this.#ends;
    ends.reserve(count * 8);
    for (let row = 0; row < count; row += 1) {
      this.#entries = before + source.u64();
      ends.u32(this.#entries);
      ends.u32(0);
    }
    for (const part of this.#parts) part.read(source, this.#entries - before);
  }

  skip(count: number): void {
    const ends = this.#ends;
    ends.reserve(count * 8);
    for (let row = 0; row < count; row += 1) {
      ends.u32(this.#entries);
      ends.u32(0);
    }
  }

  writeTo(out: ByteBuffer): void {
    out.append(this.#ends.bytes.subarray(0, this.#ends.length));
    for (const part of this.#parts) part.writeTo(out);
  }

  reset(): void {
    this.#ends.length = 0;
    this.#entries = 0;
    for (const part of this.#parts) part.reset();
  }
}
