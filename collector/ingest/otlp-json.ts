/**
 * OTLP/JSON to OTLP protobuf, so that both take one way from there on.
 *
 * Hex ids in either case, 64-bit integers as strings or numbers, enums as integers, unknown members ignored, null as
 * absent. A member of a wrong type is an error that names it.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { malformed } from "./errors.ts";
import { valueDepthMax } from "./limits.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

type Json = Record<string, unknown>;
/** Writes one member into the message that is being written. */
type WriteMember = (writer: ProtobufWriter, field: number, value: unknown, path: string) => void;
/** A message: its members, each with its field number and its writer. */
type Message = Readonly<Record<string, readonly [field: number, write: WriteMember]>>;

const UINT64_MAX = (1n << 64n) - 1n;
const INT64_MIN = -(1n << 63n);
/** Levels at which a value is surely rejected by the transcoder, so that the recursion here ends. */
const depthMax = valueDepthMax + 2;

/** 64-bit members as numbers too large for a JavaScript number: quoted before they are parsed. */
const WIDE_NUMBER = /"(intValue|startTimeUnixNano|endTimeUnixNano|timeUnixNano)"(\s*:\s*)(-?\d{16,})(?=\s*[,}])/g;

/**
 * The protobuf bytes of an `ExportTraceServiceRequest` in OTLP/JSON.
 *
 * @throws OtlpError 400 naming the member that is wrong
 */
export function otlpJsonToProtobuf(body: Uint8Array): Buffer {
  const parsed = parse(body);
  const writer = new ProtobufWriter();
  writeMembers(writer, request, asObject(parsed, "request"), "");
  return writer.end();
}

function parse(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return JSON.parse(text.replaceAll(WIDE_NUMBER, '"$1"$2"$3"')) as unknown;
  } catch (error) {
    throw malformed(`body is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function writeMembers(writer: ProtobufWriter, message: Message, json: Json, path: string): void {
  for (const name in message) {
    const member = message[name];
    const value = json[name];
    if (!member || value === undefined || value === null || !Object.hasOwn(json, name)) continue;
    member[1](writer, member[0], value, path === "" ? name : `${path}.${name}`);
  }
}

const string: WriteMember = (writer, field, value, path) => {
  if (typeof value !== "string") throw wrong(path, "a string", value);
  writer.string(field, value);
};

const hexId: WriteMember = (writer, field, value, path) => {
  if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) {
    throw wrong(path, "hex digits", value);
  }
  writer.bytes(field, Buffer.from(value, "hex"));
};

const uint32: WriteMember = (writer, field, value, path) => {
  const number = integer(value, path);
  if (number < 0n || number > 0xffff_ffffn) throw wrong(path, "an unsigned 32-bit integer", value);
  writer.varint(field, number);
};

const fixed32: WriteMember = (writer, field, value, path) => {
  const number = integer(value, path);
  if (number < 0n || number > 0xffff_ffffn) throw wrong(path, "an unsigned 32-bit integer", value);
  writer.fixed32(field, Number(number));
};

const fixed64: WriteMember = (writer, field, value, path) => {
  const number = integer(value, path);
  if (number < 0n || number > UINT64_MAX) throw wrong(path, "an unsigned 64-bit integer", value);
  writer.fixed64(field, number);
};

const int64: WriteMember = (writer, field, value, path) => {
  const number = integer(value, path);
  if (number < INT64_MIN || number > -INT64_MIN - 1n) throw wrong(path, "a signed 64-bit integer", value);
  writer.varint(field, number);
};

const enumeration: WriteMember = (writer, field, value, path) => {
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrong(path, "an integer", value);
  writer.varint(field, BigInt(value));
};

const bool: WriteMember = (writer, field, value, path) => {
  if (typeof value !== "boolean") throw wrong(path, "true or false", value);
  writer.varint(field, value ? 1n : 0n);
};

const double: WriteMember = (writer, field, value, path) => {
  const special = typeof value === "string" && /^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(value);
  if (typeof value !== "number" && !special) throw wrong(path, "a number", value);
  writer.double(field, Number(value));
};

const base64: WriteMember = (writer, field, value, path) => {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw wrong(path, "base64", value);
  writer.bytes(field, Buffer.from(value, "base64"));
};

const messageOf =
  (members: () => Message): WriteMember =>
  (writer, field, value, path) =>
    writer.message(field, () => writeMembers(writer, members(), asObject(value, path), path));

const listOf =
  (write: WriteMember): WriteMember =>
  (writer, field, value, path) => {
    if (!Array.isArray(value)) throw wrong(path, "an array", value);
    value.forEach((item: unknown, index) => write(writer, field, item, `${path}[${String(index)}]`));
  };

const limited =
  (write: WriteMember): WriteMember =>
  (writer, field, value, path) => {
    // Each level of nesting adds one `.values` to the path.
    if (path.split(".values[").length > depthMax) return;
    write(writer, field, value, path);
  };

const anyValue: Message = {
  stringValue: [1, string],
  boolValue: [2, bool],
  intValue: [3, int64],
  doubleValue: [4, double],
  arrayValue: [5, limited(messageOf(() => ({ values: [1, listOf(messageOf(() => anyValue))] })))],
  kvlistValue: [6, limited(messageOf(() => ({ values: [1, listOf(messageOf(() => keyValue))] })))],
  bytesValue: [7, base64],
};

const keyValue: Message = { key: [1, string], value: [2, messageOf(() => anyValue)] };
const attributes = listOf(messageOf(() => keyValue));

const entityRef: Message = {
  schemaUrl: [1, string],
  type: [2, string],
  idKeys: [3, listOf(string)],
  descriptionKeys: [4, listOf(string)],
};

const resource: Message = {
  attributes: [1, attributes],
  droppedAttributesCount: [2, uint32],
  entityRefs: [3, listOf(messageOf(() => entityRef))],
};

const scope: Message = {
  name: [1, string],
  version: [2, string],
  attributes: [3, attributes],
  droppedAttributesCount: [4, uint32],
};

const event: Message = {
  timeUnixNano: [1, fixed64],
  name: [2, string],
  attributes: [3, attributes],
  droppedAttributesCount: [4, uint32],
};

const link: Message = {
  traceId: [1, hexId],
  spanId: [2, hexId],
  traceState: [3, string],
  attributes: [4, attributes],
  droppedAttributesCount: [5, uint32],
  flags: [6, fixed32],
};

const span: Message = {
  traceId: [1, hexId],
  spanId: [2, hexId],
  traceState: [3, string],
  parentSpanId: [4, hexId],
  name: [5, string],
  kind: [6, enumeration],
  startTimeUnixNano: [7, fixed64],
  endTimeUnixNano: [8, fixed64],
  attributes: [9, attributes],
  droppedAttributesCount: [10, uint32],
  events: [11, listOf(messageOf(() => event))],
  droppedEventsCount: [12, uint32],
  links: [13, listOf(messageOf(() => link))],
  droppedLinksCount: [14, uint32],
  status: [15, messageOf(() => ({ message: [2, string], code: [3, enumeration] }))],
  flags: [16, fixed32],
};

const scopeSpans: Message = {
  scope: [1, messageOf(() => scope)],
  spans: [2, listOf(messageOf(() => span))],
  schemaUrl: [3, string],
};

const resourceSpans: Message = {
  resource: [1, messageOf(() => resource)],
  scopeSpans: [2, listOf(messageOf(() => scopeSpans))],
  schemaUrl: [3, string],
};

const request: Message = { resourceSpans: [1, listOf(messageOf(() => resourceSpans))] };

function integer(value: unknown, path: string): bigint {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw wrong(path, "an integer", value);
}

function asObject(value: unknown, path: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(path, "an object", value);
}

function wrong(path: string, wanted: string, value: unknown): Error {
  const got = value === null ? "null" : Array.isArray(value) ? "an array" : `${typeof value} ${JSON.stringify(value)}`;
  return malformed(`${path.slice(0, 200)} must be ${wanted}, not ${got.slice(0, 60)}`);
}
