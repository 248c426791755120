/** The columns `resource` and `scope`: OTLP/JSON of the message whole, with its `schemaUrl` beside its members. */
import { ByteBuffer } from "./byte-buffer.ts";
import { writeJsonString, writeKeyValue } from "./json-text.ts";
import { ProtobufReader } from "./protobuf.ts";

/** A part of the request. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** OTLP/JSON of a `Resource`. */
export function resourceJson(bytes: Uint8Array, resource: Range | undefined, schemaUrl: Range | undefined): Buffer {
  const json = new JsonObject(bytes);
  if (resource) {
    json.list(resource, 1, "attributes", (reader, end) => writeKeyValue(json.out, reader, end, 1));
    json.count(resource, 2, "droppedAttributesCount");
    json.list(resource, 3, "entityRefs", (reader, end) => writeEntityRef(json.out, reader, end));
  }
  json.string(schemaUrl, "schemaUrl");
  return json.end();
}

/** OTLP/JSON of an `InstrumentationScope`. */
export function scopeJson(bytes: Uint8Array, scope: Range | undefined, schemaUrl: Range | undefined): Buffer {
  const json = new JsonObject(bytes);
  if (scope) {
    json.string(json.find(scope, 1), "name");
    json.string(json.find(scope, 2), "version");
    json.list(scope, 3, "attributes", (reader, end) => writeKeyValue(json.out, reader, end, 1));
    json.count(scope, 4, "droppedAttributesCount");
  }
  json.string(schemaUrl, "schemaUrl");
  return json.end();
}

function writeEntityRef(out: ByteBuffer, reader: ProtobufReader, end: number): void {
  const range = { start: reader.position, end };
  const json = new JsonObject(reader.bytes);
  json.string(json.find(range, 1), "schemaUrl");
  json.string(json.find(range, 2), "type");
  const writeString = (inner: ProtobufReader, stringEnd: number) =>
    writeJsonString(json.out, inner.bytes, inner.position, stringEnd);
  json.list(range, 3, "idKeys", writeString);
  json.list(range, 4, "descriptionKeys", writeString);
  out.append(json.end());
}

/** An object of JSON whose absent members are left out; '' where all are. */
class JsonObject {
  readonly out = new ByteBuffer();
  readonly #reader: ProtobufReader;

  constructor(bytes: Uint8Array) {
    this.#reader = new ProtobufReader(bytes);
  }

  /** The last field `field` of the message, which holds bytes. */
  find(message: Range, field: number): Range | undefined {
    let found: Range | undefined;
    this.#each(message, (reader, tag) => {
      if (tag >>> 3 !== field) return reader.skip(tag);
      reader.expect(tag, 2, `field ${String(field)}`);
      const end = reader.lengthEnd();
      found = { start: reader.position, end };
      reader.position = end;
    });
    return found;
  }

  string(range: Range | undefined, name: string): void {
    if (!range || range.start === range.end) return;
    this.#member(name);
    writeJsonString(this.out, this.#reader.bytes, range.start, range.end);
  }

  count(message: Range, field: number, name: string): void {
    let count = 0;
    this.#each(message, (reader, tag) => {
      if (tag >>> 3 !== field) return reader.skip(tag);
      reader.expect(tag, 0, name);
      count = reader.varint32();
    });
    if (count === 0) return;
    this.#member(name);
    this.out.ascii(String(count));
  }

  list(message: Range, field: number, name: string, write: (reader: ProtobufReader, end: number) => void): void {
    let items = 0;
    this.#each(message, (reader, tag) => {
      if (tag >>> 3 !== field) return reader.skip(tag);
      reader.expect(tag, 2, name);
      const end = reader.lengthEnd();
      if (items === 0) {
        this.#member(name);
        this.out.byte(0x5b);
      } else this.out.byte(0x2c);
      items += 1;
      write(reader, end);
      reader.position = end;
    });
    if (items > 0) this.out.byte(0x5d);
  }

  end(): Buffer {
    if (this.out.length === 0) return Buffer.alloc(0);
    this.out.byte(0x7d);
    return Buffer.from(this.out.bytes.subarray(0, this.out.length));
  }

  #member(name: string): void {
    this.out.ascii(`${this.out.length === 0 ? "{" : ","}"${name}":`);
  }

  #each({ start, end }: Range, visit: (reader: ProtobufReader, tag: number) => void): void {
    const reader = this.#reader;
    reader.position = start;
    reader.end = end;
    while (reader.position < end) visit(reader, reader.varint32());
  }
}
