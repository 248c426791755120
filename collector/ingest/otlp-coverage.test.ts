import protobuf from "protobufjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeOtlp, isIdField, otlpType, type OtlpJson } from "../../test/support/otlp-proto.ts";
import { asStored, storedSpans } from "../../test/support/stored-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { JsonWalker } from "./json-walker.ts";
import { otlpJsonToProtobuf } from "./otlp-json.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

/** Levels of AnyValue inside AnyValue that are filled. */
const valueDepth = 3;

/** A message with every field set to a value of its own, none of them the default. */
class Filler {
  #next = 1;
  readonly filled = new Set<string>();

  message(type: protobuf.Type, depth = 0): OtlpJson {
    const json: OtlpJson = {};
    for (const field of type.fieldsArray) {
      this.filled.add(`${type.name}.${field.name}`);
      json[field.name] = this.#field(field, depth);
    }
    return json;
  }

  #field(field: protobuf.Field, depth: number): unknown {
    field.resolve();
    const type = field.resolvedType;
    if (type instanceof protobuf.Type && (type.name === "KeyValue" || type.name === "AnyValue") && field.repeated) {
      const values = this.#anyValues(depth);
      if (type.name === "AnyValue") return values;
      this.filled.add("KeyValue.key").add("KeyValue.value");
      return values.map((value) => ({ key: `key.${String(this.#next++)}`, value }));
    }
    const one = () => (type instanceof protobuf.Type ? this.message(type, depth) : this.#scalar(field));
    return field.repeated ? [one(), one()] : one();
  }

  /** One value for each member of the oneof, by reflection, so that a new member is not forgotten. */
  #anyValues(depth: number): OtlpJson[] {
    return otlpType("AnyValue").fieldsArray.flatMap((field) => {
      this.filled.add(`AnyValue.${field.name}`);
      field.resolve();
      const nested = field.resolvedType instanceof protobuf.Type;
      if (nested && depth >= valueDepth) return [];
      const type = field.resolvedType as protobuf.Type;
      return [{ [field.name]: nested ? this.message(type, depth + 1) : this.#scalar(field) }];
    });
  }

  #scalar(field: protobuf.Field): unknown {
    const number = this.#next++;
    if (isIdField(field)) return number.toString(16).padStart(field.name === "traceId" ? 32 : 16, "a");
    if (field.type === "bytes") return Buffer.from([0, 255, number % 256]).toString("base64");
    if (field.type === "string") return `text ${String(number)} "ü"\n`;
    if (field.type === "bool") return true;
    if (field.type === "double") return number + 0.1;
    // Beyond 2^53, within the clock's window.
    if (field.type === "fixed64") return String(BigInt(Date.now()) * 1_000_000n + BigInt(number));
    if (field.type === "int64") return String(-(2n ** 62n) - BigInt(number));
    if (field.name === "kind" || field.name === "code") return 2;
    return 4_000_000_000 + number;
  }
}

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

it.for<[form: string, encode: (request: OtlpJson) => Uint8Array | undefined]>([
  ["protobuf", (request) => encodeOtlp("ExportTraceServiceRequest", request)],
  ["JSON", (request) => otlpJsonToProtobuf(Buffer.from(JSON.stringify(request)))],
  ["JSON without objects", (request) => new JsonWalker().toProtobuf(Buffer.from(JSON.stringify(request)))],
])("every field of every trace message comes back out of the store: %s", async ([form, encode]) => {
  const filler = new Filler();
  const request = filler.message(otlpType("ExportTraceServiceRequest"));
  const body = encode(request);
  if (body === undefined) throw new Error("not taken");
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  expect(transcoder.transcode(body)).toMatchObject({ rejected: 0, spans: 8 });
  await db.store.command("TRUNCATE TABLE spans");
  await db.store.insertNative("spans", transcoder.takeBlocks().map((block) => block.bytes), form);

  expect(await storedSpans(db.store)).toEqual(asStored(request));
  expect([...filler.filled].sort()).toEqual(everyField("ExportTraceServiceRequest"));
});

/** Names of every field that can be reached from a message. */
function everyField(name: string, seen = new Set<string>()): string[] {
  const type = otlpType(name);
  for (const field of type.fieldsArray) {
    const known = seen.has(`${type.name}.${field.name}`);
    seen.add(`${type.name}.${field.name}`);
    field.resolve();
    if (!known && field.resolvedType instanceof protobuf.Type) everyField(field.resolvedType.name, seen);
  }
  return [...seen].sort();
}
