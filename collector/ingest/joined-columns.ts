/** Values of one type out of several Native blocks, one after another: what a joined block has as a column. */
import type { ByteBuffer } from "./byte-buffer.ts";
import type { Place } from "./kernel-instance.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { bytesOf, writeIndexed } from "./kernel-values.ts";
import { writeLowCardinalityVersion } from "./low-cardinality.ts";

/** What the kernel has read, in its memory: class Joined in kernel/joined.ts. */
interface JoinedValues {
  readonly place: Place;
  writeTo(out: ByteBuffer): void;
}

// Fields of that class, by their order.
const DATA = 0;
const LENGTH = 1;
const DICTIONARY = 5;
const ROWS = 11;

/** Bytes a value, of the types that {@link SpanBlock} writes. */
const FIXED_BYTES: ReadonlyMap<string, number> = new Map([
  ...([["UInt8", 1] as const, ["UInt16", 2] as const, ["UInt32", 4] as const]),
  ...(["UInt64", "Int64", "Float64", "DateTime64(9)"] as const).map((type) => [type, 8] as const),
  ["UUID", 16] as const,
]);
const DICTIONARY_TYPE = "LowCardinality(String)";
const MAP_START = `Map(${DICTIONARY_TYPE}, `;
const ARRAY_START = "Array(";
const VERSION_BYTES = 8;

/** A column of a joined block. */
export class JoinedColumn {
  readonly name: string;
  readonly type: string;
  readonly #hasVersion: boolean;
  readonly #values: JoinedValues;
  readonly #kernel: KernelMemory;

  /**
   * An empty one.
   *
   * @throws Error where no block of ours has that type
   */
  constructor(kernel: KernelMemory, name: string, type: string) {
    this.name = name;
    this.type = type;
    this.#kernel = kernel;
    this.#hasVersion = type.includes("LowCardinality(");
    this.#values = valuesOf(kernel, type);
    kernel.exports.setJoined(this.#values.place, this.#hasVersion ? VERSION_BYTES : 0);
  }

  /** Whether any block had it. */
  get used(): boolean {
    return this.#kernel.field(this.#values.place, ROWS) > 0;
  }

  /** Appends it with `rows` rows, of which those that no block set have the type's default. */
  writeTo(out: ByteBuffer, rows: number): void {
    this.#kernel.exports.fillJoined(this.#values.place, rows);
    out.text(this.name);
    out.text(this.type);
    if (this.#hasVersion) writeLowCardinalityVersion(out);
    this.#values.writeTo(out);
  }

  reset(): void {
    this.#kernel.exports.resetJoined(this.#values.place);
  }
}

function valuesOf(kernel: KernelMemory, type: string): JoinedValues {
  const { exports } = kernel;
  const fixedBytes = FIXED_BYTES.get(type) ?? Number(/^FixedString\((\d+)\)$/.exec(type)?.[1] ?? 0);
  if (fixedBytes > 0) return plain(kernel, exports.newJoinedFixed(fixedBytes));
  if (type === "String") return plain(kernel, exports.newJoinedTexts());
  if (type === DICTIONARY_TYPE) return strings(kernel);
  if (type.startsWith(MAP_START)) {
    return lists(kernel, strings(kernel), valuesOf(kernel, type.slice(MAP_START.length, -1)));
  }
  if (type.startsWith(ARRAY_START)) return lists(kernel, valuesOf(kernel, type.slice(ARRAY_START.length, -1)));
  throw new Error(`blocks with values of type ${type} cannot be joined`);
}

function plain(kernel: KernelMemory, place: Place): JoinedValues {
  return { place, writeTo: (out) => out.append(bytesOf(kernel, place)) };
}

function strings(kernel: KernelMemory): JoinedValues {
  const place = kernel.exports.newJoinedDictionary();
  const dictionary = kernel.field(place, DICTIONARY);
  const writeTo = (out: ByteBuffer) => {
    const count = kernel.field(place, LENGTH) >>> 2;
    writeIndexed(out, kernel, dictionary, kernel.field(place, DATA), count);
  };
  return { place, writeTo };
}

/** Arrays have one part, maps keys and values: where each row's ends, then the parts. */
function lists(kernel: KernelMemory, first: JoinedValues, second?: JoinedValues): JoinedValues {
  const place = kernel.exports.newJoinedLists(first.place, second?.place ?? 0);
  const writeTo = (out: ByteBuffer) => {
    out.append(bytesOf(kernel, place));
    first.writeTo(out);
    second?.writeTo(out);
  };
  return { place, writeTo };
}
