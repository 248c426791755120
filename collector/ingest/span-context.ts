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

/** Remembers what it worked out, up to a bound. */
export class ContextCache {
  #resources = new Map<string, ResourceContext>();
  #scopes = new Map<string, DataView>();

  resource(bytes: Uint8Array, resource: Range | undefined, schemaUrl: Range | undefined): ResourceContext {
    return remember(this.#resources, cacheKey(bytes, resource, schemaUrl), () => ({
      json: viewOf(resourceJson(bytes, resource, schemaUrl)),
      ...resourceValues(bytes, resource),
    }));
  }

  /** OTLP/JSON of the scope. */
  scope(bytes: Uint8Array, scope: Range | undefined, schemaUrl: Range | undefined): DataView {
    return remember(this.#scopes, cacheKey(bytes, scope, schemaUrl), () =>
      viewOf(scopeJson(bytes, scope, schemaUrl)),
    );
  }
}

function remember<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= contextCacheMax) cache.clear();
  const made = make();
  cache.set(key, made);
  return made;
}

function cacheKey(bytes: Uint8Array, message: Range | undefined, schemaUrl: Range | undefined): string {
  return `${latin1(bytes, message)}\u0000${latin1(bytes, schemaUrl)}\u0000${String(schemaUrl && schemaUrl.end - schemaUrl.start)}`;
}

function latin1(bytes: Uint8Array, range: Range | undefined): string {
  if (!range) return "";
  return Buffer.from(bytes.buffer, bytes.byteOffset + range.start, range.end - range.start).toString("latin1");
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
