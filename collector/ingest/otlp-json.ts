/**
 * OTLP/JSON to OTLP protobuf, so that both take one way from there on.
 *
 * Hex ids in either case, 64-bit integers as strings or numbers, enums as integers, unknown members ignored, null as
 * absent. A member of a wrong type is an error that names it.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { malformed, OtlpError } from "./errors.ts";
import { valueDepthMax } from "./limits.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

type Json = Record<string, unknown>;
/** Writes one member into the message that is being written. */
type WriteMember = (to: Target, field: number, value: unknown) => void;
/** A message: its members by name, each with its field number and its writer. */
type Message = ReadonlyMap<string, readonly [field: number, write: WriteMember]>;

/** What is written, and where in the request its source stands. */
interface Target {
  readonly writer: ProtobufWriter;
  /** Names of members and places in arrays, from the outside in: spelled out only for an error. */
  readonly path: (string | number)[];
  /** Arrays and maps round the value that is written. */
  depth: number;
  /** Spans that were written. */
  spans: number;
  readonly unreadable: UnreadableSpans | undefined;
}

/** Spans that are not as OTLP/JSON has them, and are left out: their good neighbours are kept. */
export class UnreadableSpans {
  readonly reasons = new Set<string>();
  spans = 0;
  #first: OtlpError | undefined;

  /** The first error, which stands for the request where nothing of it can be read. */
  get first(): OtlpError | undefined {
    return this.#first;
  }

  add(error: OtlpError): void {
    this.#first ??= error;
    this.spans += 1;
    if (this.reasons.size < UNREADABLE_REASONS_MAX) this.reasons.add(error.message);
    if (this.spans > UNREADABLE_MAX) throw this.#first;
  }
}

/** Reasons that one answer tells. */
const UNREADABLE_REASONS_MAX = 5;
/** Beyond it the sender is at fault and no single span; an error costs some microseconds. */
const UNREADABLE_MAX = 1_000;

const UINT64_MAX = (1n << 64n) - 1n;
const UINT32_MAX = 0xffff_ffffn;
const INT64_MIN = -(1n << 63n);
/** Integers that take no BigInt: nearly all there are. */
const SMALL_MAX = 0x7fff_ffff;
const SMALL = /^\d{1,9}$/;
const NANO_DIGITS = 9;
/** A time since 2001 and before 2286 as exporters write it. */
const UNIX_NANO = /^\d{19}$/;
/** Levels at which a value is surely rejected by the transcoder, so that the recursion here ends. */
const depthMax = valueDepthMax + 2;

/** 64-bit members as numbers too large for a JavaScript number: quoted before they are parsed. */
const WIDE_NUMBER = /"(intValue|startTimeUnixNano|endTimeUnixNano|timeUnixNano)"(\s*:\s*)(-?\d{16,})(?=\s*[,}])/g;

/**
 * The protobuf bytes of an `ExportTraceServiceRequest` in OTLP/JSON; what cannot be read of it goes to `unreadable`,
 * where that is given.
 *
 * @throws OtlpError 400 naming the member that is wrong, where it is of no span, or no span can be read
 */
export function otlpJsonToProtobuf(body: Uint8Array, unreadable?: UnreadableSpans): Buffer {
  const parsed = parse(body);
  const to: Target = { writer: new ProtobufWriter(), path: [], depth: 0, spans: 0, unreadable };
  writeMembers(to, request, parsed);
  if (unreadable?.first && to.spans === 0) throw unreadable.first;
  return to.writer.end();
}

function parse(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return JSON.parse(text.replaceAll(WIDE_NUMBER, '"$1"$2"$3"')) as unknown;
  } catch (error) {
    throw malformed(`body is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function writeMembers(to: Target, message: Message, value: unknown): void {
  const json = asObject(to, value);
  for (const name in json) {
    const member = message.get(name);
    const inner = json[name];
    if (!member || inner === undefined || inner === null) continue;
    to.path.push(name);
    member[1](to, member[0], inner);
    to.path.pop();
  }
}

const string: WriteMember = (to, field, value) => {
  if (typeof value !== "string") throw wrong(to, "a string", value);
  to.writer.string(field, value);
};

const hexId: WriteMember = (to, field, value) => {
  if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) {
    throw wrong(to, "hex digits", value);
  }
  to.writer.hex(field, value);
};

const uint32: WriteMember = (to, field, value) => {
  to.writer.varint(field, integer(to, value, 0n, UINT32_MAX, "an unsigned 32-bit integer"));
};

const fixed32: WriteMember = (to, field, value) => {
  to.writer.fixed32(field, Number(integer(to, value, 0n, UINT32_MAX, "an unsigned 32-bit integer")));
};

const fixed64: WriteMember = (to, field, value) => {
  if (typeof value === "string" && UNIX_NANO.test(value)) {
    to.writer.decimal64(field, Number(value.slice(0, -NANO_DIGITS)), Number(value.slice(-NANO_DIGITS)));
  } else to.writer.fixed64(field, integer(to, value, 0n, UINT64_MAX, "an unsigned 64-bit integer"));
};

const int64: WriteMember = (to, field, value) => {
  const small = typeof value === "number" ? value : typeof value === "string" && SMALL.test(value) ? Number(value) : NaN;
  if (Number.isInteger(small) && small >= 0 && small <= SMALL_MAX) to.writer.smallVarint(field, small);
  else to.writer.varint(field, integer(to, value, INT64_MIN, -INT64_MIN - 1n, "a signed 64-bit integer"));
};

const enumeration: WriteMember = (to, field, value) => {
  if (typeof value !== "number" || !Number.isInteger(value)) throw wrong(to, "an integer", value);
  if (value >= 0 && value <= SMALL_MAX) to.writer.smallVarint(field, value);
  else to.writer.varint(field, BigInt(value));
};

const bool: WriteMember = (to, field, value) => {
  if (typeof value !== "boolean") throw wrong(to, "true or false", value);
  to.writer.smallVarint(field, value ? 1 : 0);
};

const double: WriteMember = (to, field, value) => {
  const special = typeof value === "string" && /^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(value);
  if (typeof value !== "number" && !special) throw wrong(to, "a number", value);
  to.writer.double(field, Number(value));
};

const base64: WriteMember = (to, field, value) => {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw wrong(to, "base64", value);
  to.writer.bytes(field, Buffer.from(value, "base64"));
};

const messageOf =
  (members: () => Message): WriteMember =>
  (to, field, value) => {
    const start = to.writer.begin(field);
    writeMembers(to, members(), value);
    to.writer.finish(start);
  };

const listOf =
  (write: WriteMember): WriteMember =>
  (to, field, value) => {
    if (!Array.isArray(value)) throw wrong(to, "an array", value);
    for (let index = 0; index < value.length; index += 1) {
      to.path.push(index);
      write(to, field, value[index] as unknown);
      to.path.pop();
    }
  };

const limited =
  (write: WriteMember): WriteMember =>
  (to, field, value) => {
    if (to.depth >= depthMax) return;
    to.depth += 1;
    write(to, field, value);
    to.depth -= 1;
  };

const membersOf = (members: Readonly<Record<string, readonly [number, WriteMember]>>): Message =>
  new Map(Object.entries(members));

const anyValue: Message = membersOf({
  stringValue: [1, string],
  boolValue: [2, bool],
  intValue: [3, int64],
  doubleValue: [4, double],
  arrayValue: [5, limited(messageOf(() => arrayValue))],
  kvlistValue: [6, limited(messageOf(() => kvlistValue))],
  bytesValue: [7, base64],
});

const arrayValue: Message = membersOf({ values: [1, listOf(messageOf(() => anyValue))] });
const kvlistValue: Message = membersOf({ values: [1, listOf(messageOf(() => keyValue))] });
const keyValue: Message = membersOf({ key: [1, string], value: [2, messageOf(() => anyValue)] });
const attributes = listOf(messageOf(() => keyValue));

const entityRef = membersOf({
  schemaUrl: [1, string],
  type: [2, string],
  idKeys: [3, listOf(string)],
  descriptionKeys: [4, listOf(string)],
});

const resource = membersOf({
  attributes: [1, attributes],
  droppedAttributesCount: [2, uint32],
  entityRefs: [3, listOf(messageOf(() => entityRef))],
});

const scope = membersOf({
  name: [1, string],
  version: [2, string],
  attributes: [3, attributes],
  droppedAttributesCount: [4, uint32],
});

const event = membersOf({
  timeUnixNano: [1, fixed64],
  name: [2, string],
  attributes: [3, attributes],
  droppedAttributesCount: [4, uint32],
});

const link = membersOf({
  traceId: [1, hexId],
  spanId: [2, hexId],
  traceState: [3, string],
  attributes: [4, attributes],
  droppedAttributesCount: [5, uint32],
  flags: [6, fixed32],
});

const status = membersOf({ message: [2, string], code: [3, enumeration] });

const span = membersOf({
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
  status: [15, messageOf(() => status)],
  flags: [16, fixed32],
});

const writeSpan = messageOf(() => span);

const readableSpan: WriteMember = (to, field, value) => {
  const { writer, path, depth, unreadable } = to;
  const [length, steps] = [writer.length, path.length];
  try {
    writeSpan(to, field, value);
    to.spans += 1;
  } catch (error) {
    if (!unreadable || !(error instanceof OtlpError)) throw error;
    unreadable.add(error);
    writer.cut(length);
    path.length = steps;
    to.depth = depth;
  }
};

const scopeSpans = membersOf({
  scope: [1, messageOf(() => scope)],
  spans: [2, listOf(readableSpan)],
  schemaUrl: [3, string],
});

const resourceSpans = membersOf({
  resource: [1, messageOf(() => resource)],
  scopeSpans: [2, listOf(messageOf(() => scopeSpans))],
  schemaUrl: [3, string],
});

const request = membersOf({ resourceSpans: [1, listOf(messageOf(() => resourceSpans))] });

function integer(to: Target, value: unknown, least: bigint, most: bigint, wanted: string): bigint {
  const number =
    typeof value === "number" && Number.isInteger(value)
      ? BigInt(value)
      : typeof value === "string" && /^-?\d{1,20}$/.test(value)
        ? BigInt(value)
        : undefined;
  if (number === undefined) throw wrong(to, "an integer", value);
  if (number < least || number > most) throw wrong(to, wanted, value);
  return number;
}

function asObject(to: Target, value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(to, "an object", value);
}

function wrong({ path }: Target, wanted: string, value: unknown): Error {
  const where = path.map((step) => (typeof step === "number" ? `[${String(step)}]` : `.${step}`)).join("");
  const got = value === null ? "null" : Array.isArray(value) ? "an array" : `${typeof value} ${JSON.stringify(value)}`;
  return malformed(`${where.slice(1, 200) || "request"} must be ${wanted}, not ${got.slice(0, 60)}`);
}
