/** Resources and scopes, worked out once and known again by their bytes. */
import { memoryLimitBytes } from "../../schema/older-names.ts";
import { STORED_RESOURCE_COLUMNS } from "../store/span-columns.ts";
import { viewOf } from "./byte-buffer.ts";
import { contextCacheMax } from "./limits.ts";
import { ProtobufReader, skipUnknown, toNumber } from "./protobuf.ts";
import { resourceJson, scopeJson, type Range } from "./resource-json.ts";

/** What a resource puts into each of its spans' rows. */
export interface ResourceContext {
  readonly json: DataView;
  /** For each of {@link STORED_RESOURCE_COLUMNS}: its text, or its number; empty or 0 where absent. */
  readonly strings: readonly DataView[];
  readonly numbers: readonly number[];
}

const EMPTY = viewOf(Buffer.alloc(0));
const COLUMN_OF_ATTRIBUTE: ReadonlyMap<string, number> = new Map(
  STORED_RESOURCE_COLUMNS.map(({ attribute }, index) => [attribute, index]),
);

/** Where a message says what its spans came from. */
export interface ContextParts {
  message: Range | undefined;
  schemaUrl: Range | undefined;
}

/**
 * The resource (or scope), field 1, and the schema URL, field 3, wherever they stand in the message; `skipInner` passes
 * over fields 2, of which there are many.
 */
export function findContext(
  reader: ProtobufReader,
  end: number,
  message: string,
  skipInner: (at: number, end: number) => number,
): ContextParts {
  const parts: ContextParts = { message: undefined, schemaUrl: undefined };
  reader.end = end;
  while (reader.position < end) {
    const tag = reader.varint32();
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) {
      skipUnknown(reader, tag, 3, message);
      continue;
    }
    const fieldEnd = reader.lengthEnd();
    const range = { start: reader.position, end: fieldEnd };
    if (tag === 0x0a) parts.message = range;
    else if (tag === 0x1a) parts.schemaUrl = range;
    reader.position = tag === 0x12 ? skipInner(fieldEnd, end) : fieldEnd;
  }
  return parts;
}

/** Says of a part of the request at hand what tells it from most others. */
export type HashOfPart = (at: number, sizeBytes: number) => number;

/** Remembers what it worked out, up to a bound. */
export class ContextCache {
  readonly #resources: KnownByBytes<ResourceContext>;
  readonly #scopes: KnownByBytes<DataView>;

  constructor(hashOf: HashOfPart) {
    this.#resources = new KnownByBytes(hashOf);
    this.#scopes = new KnownByBytes(hashOf);
  }

  resource(bytes: Uint8Array, parts: ContextParts): ResourceContext {
    return this.#resources.get(bytes, parts, () => ({
      json: viewOf(resourceJson(bytes, parts.message, parts.schemaUrl)),
      ...resourceValues(bytes, parts.message),
    }));
  }

  /** OTLP/JSON of the scope. */
  scope(bytes: Uint8Array, parts: ContextParts): DataView {
    return this.#scopes.get(bytes, parts, () => viewOf(scopeJson(bytes, parts.message, parts.schemaUrl)));
  }
}

interface Known<T> {
  /** Undefined where there is none, which is not the same as an empty one. */
  readonly message: Buffer | undefined;
  readonly schemaUrl: Buffer | undefined;
  readonly value: T;
}

/** Found by a hash, as a text of these bytes is dearer to make than they are to compare. */
class KnownByBytes<T> {
  readonly #known = new Map<number, Known<T>>();
  readonly #hashOf: HashOfPart;

  constructor(hashOf: HashOfPart) {
    this.#hashOf = hashOf;
  }

  get(bytes: Uint8Array, { message, schemaUrl }: ContextParts, make: () => T): T {
    const hash = this.#hash(message) ^ Math.imul(this.#hash(schemaUrl), 31);
    const known = this.#known.get(hash);
    if (known && isSame(known.message, bytes, message) && isSame(known.schemaUrl, bytes, schemaUrl)) return known.value;
    if (this.#known.size >= contextCacheMax) this.#known.clear();
    const value = make();
    this.#known.set(hash, { message: copyOf(bytes, message), schemaUrl: copyOf(bytes, schemaUrl), value });
    return value;
  }

  #hash(range: Range | undefined): number {
    return range ? this.#hashOf(range.start, range.end - range.start) : 0;
  }
}

function isSame(known: Buffer | undefined, bytes: Uint8Array, range: Range | undefined): boolean {
  if (!known || !range) return known === range;
  return known.compare(bytes, range.start, range.end) === 0;
}

function copyOf(bytes: Uint8Array, range: Range | undefined): Buffer | undefined {
  return range && Buffer.from(bytes.subarray(range.start, range.end));
}

function resourceValues(bytes: Uint8Array, resource: Range | undefined) {
  const strings = STORED_RESOURCE_COLUMNS.map(() => EMPTY);
  const numbers = STORED_RESOURCE_COLUMNS.map(() => 0);
  if (!resource) return { strings, numbers };
  const reader = new ProtobufReader(bytes);
  reader.position = resource.start;
  reader.end = resource.end;
  while (reader.position < resource.end) {
    const tag = reader.varint32();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    readAttribute(reader, end, strings, numbers);
    reader.position = end;
    reader.end = resource.end;
  }
  return { strings, numbers };
}

function readAttribute(reader: ProtobufReader, end: number, strings: DataView[], numbers: number[]): void {
  reader.end = end;
  let column: number | undefined;
  let text = EMPTY;
  let number = 0;
  while (reader.position < end) {
    const tag = reader.varint32();
    if (tag !== 0x0a && tag !== 0x12) {
      reader.skip(tag);
      continue;
    }
    const fieldEnd = reader.lengthEnd();
    if (tag === 0x0a) column = COLUMN_OF_ATTRIBUTE.get(slice(reader, fieldEnd).toString("utf8"));
    else if (reader.position < fieldEnd) {
      const valueTag = reader.varint32();
      if (valueTag === 0x0a) text = viewOf(slice(reader, reader.lengthEnd()));
      else if (valueTag === 0x18) {
        reader.varint64();
        if (reader.high < 0x20_0000) number = memoryLimitBytes(toNumber(reader.low, reader.high));
      }
    }
    reader.position = fieldEnd;
  }
  if (column === undefined) return;
  if (STORED_RESOURCE_COLUMNS[column]?.type === "uint64") numbers[column] = number;
  else strings[column] = text;
}

function slice(reader: ProtobufReader, end: number): Buffer {
  return Buffer.from(reader.bytes.subarray(reader.position, end));
}
