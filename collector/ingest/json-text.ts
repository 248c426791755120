/** Writes OTLP/JSON out of OTLP protobuf, byte by byte: what no typed column or map can hold. */
import { isUtf8 } from "node:buffer";
import type { ByteBuffer } from "./byte-buffer.ts";
import { valueDepthMax } from "./limits.ts";
import { toNumber, WIRE_BYTES, type ProtobufReader } from "./protobuf.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const float = new DataView(new ArrayBuffer(8));

/** A value nested deeper than {@link valueDepthMax}: its span is rejected, its neighbours are not. */
export class ValueTooDeepError extends Error {
  override readonly name = "ValueTooDeepError";
}

/** Field numbers of AnyValue; 6, between array and bytes, is kvlist_value. */
const VALUE_STRING = 1;
const VALUE_BOOL = 2;
const VALUE_INT = 3;
const VALUE_DOUBLE = 4;
const VALUE_ARRAY = 5;
/** Field number of `bytes_value`, which JSON has in base64. */
export const VALUE_BYTES = 7;

/** A string in JSON's form; bytes that are not UTF-8 become U+FFFD. */
export function writeJsonString(out: ByteBuffer, source: Uint8Array, start: number, end: number): void {
  out.reserve((end - start) * 6 + 2);
  const { bytes } = out;
  let at = out.length;
  bytes[at++] = QUOTE;
  let high = 0;
  for (let index = start; index < end; index += 1) {
    const byte = source[index] as number;
    high |= byte;
    if (byte === QUOTE || byte === BACKSLASH) bytes[at++] = BACKSLASH;
    if (byte >= 0x20) bytes[at++] = byte;
    else at = writeControl(bytes, at, byte);
  }
  if (high >= 0x80 && !isUtf8(source.subarray(start, end))) {
    out.utf8(JSON.stringify(Buffer.from(source.subarray(start, end)).toString("utf8")));
    return;
  }
  bytes[at++] = QUOTE;
  out.length = at;
}

function writeControl(bytes: Uint8Array, at: number, byte: number): number {
  const digits = "0123456789abcdef";
  const escape = [BACKSLASH, 0x75, 0x30, 0x30, digits.charCodeAt(byte >> 4), digits.charCodeAt(byte & 15)];
  bytes.set(escape, at);
  return at + escape.length;
}

/** `{"key":"k","value":{...}}` out of the KeyValue at the reader's position up to `end`. */
export function writeKeyValue(out: ByteBuffer, reader: ProtobufReader, end: number, depth: number): void {
  const outerEnd = reader.end;
  reader.end = end;
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = -1;
  let valueEnd = -1;
  while (reader.position < end) {
    const tag = reader.varint32();
    if (tag === 0x0a) {
      keyEnd = reader.lengthEnd();
      keyStart = reader.position;
      reader.position = keyEnd;
    } else if (tag === 0x12) {
      valueEnd = reader.lengthEnd();
      valueStart = reader.position;
      reader.position = valueEnd;
    } else reader.skip(tag);
  }
  out.ascii('{"key":');
  writeJsonString(out, reader.bytes, keyStart, keyEnd);
  if (valueStart >= 0) {
    out.ascii(',"value":');
    reader.position = valueStart;
    writeAnyValue(out, reader, valueEnd, depth);
  }
  out.byte(0x7d);
  reader.position = end;
  reader.end = outerEnd;
}

/** An AnyValue, from the reader's position up to `end`; `{}` where it holds nothing. */
export function writeAnyValue(out: ByteBuffer, reader: ProtobufReader, end: number, depth: number): void {
  if (depth > valueDepthMax) {
    throw new ValueTooDeepError(`attribute value nested deeper than ${String(valueDepthMax)} levels`);
  }
  const outerEnd = reader.end;
  reader.end = end;
  const start = out.length;
  out.ascii("{}");
  while (reader.position < end) {
    const tag = reader.varint32();
    const field = tag >>> 3;
    if (field < VALUE_STRING || field > VALUE_BYTES) {
      reader.skip(tag);
      continue;
    }
    // Of several members of the oneof the last counts.
    out.length = start;
    out.byte(0x7b);
    writeMember(out, reader, tag, depth);
    out.byte(0x7d);
  }
  reader.end = outerEnd;
}

function writeMember(out: ByteBuffer, reader: ProtobufReader, tag: number, depth: number): void {
  const field = tag >>> 3;
  if (field === VALUE_BOOL) {
    reader.expect(tag, 0, "AnyValue.bool_value");
    reader.varint64();
    out.ascii(reader.low === 0 && reader.high === 0 ? '"boolValue":false' : '"boolValue":true');
  } else if (field === VALUE_INT) {
    reader.expect(tag, 0, "AnyValue.int_value");
    reader.varint64();
    out.ascii(`"intValue":"${int64Text(reader.low, reader.high)}"`);
  } else if (field === VALUE_DOUBLE) {
    reader.expect(tag, 1, "AnyValue.double_value");
    reader.fixed64();
    out.ascii(`"doubleValue":${doubleText(reader.low, reader.high)}`);
  } else {
    reader.expect(tag, WIRE_BYTES, "AnyValue");
    const end = reader.lengthEnd();
    if (field === VALUE_STRING) {
      out.ascii('"stringValue":');
      writeJsonString(out, reader.bytes, reader.position, end);
    } else if (field === VALUE_BYTES) {
      const base64 = Buffer.from(reader.bytes.subarray(reader.position, end)).toString("base64");
      out.ascii(`"bytesValue":"${base64}"`);
    } else {
      out.ascii(field === VALUE_ARRAY ? '"arrayValue":{"values":[' : '"kvlistValue":{"values":[');
      writeList(out, reader, end, field === VALUE_ARRAY ? writeAnyValue : writeKeyValue, depth + 1);
      out.ascii("]}");
    }
    reader.position = end;
  }
}

type WriteItem = (out: ByteBuffer, reader: ProtobufReader, end: number, depth: number) => void;

/** The repeated field 1 of ArrayValue and KeyValueList, without the brackets. */
function writeList(out: ByteBuffer, reader: ProtobufReader, end: number, writeItem: WriteItem, depth: number): void {
  const outerEnd = reader.end;
  reader.end = end;
  let first = true;
  while (reader.position < end) {
    const tag = reader.varint32();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const itemEnd = reader.lengthEnd();
    if (!first) out.byte(0x2c);
    first = false;
    writeItem(out, reader, itemEnd, depth);
  }
  reader.end = outerEnd;
}

/** A signed 64-bit integer in decimal. */
function int64Text(low: number, high: number): string {
  if (high === 0) return String(low);
  if (high < 0x20_0000) return String(toNumber(low, high));
  return String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)));
}

function doubleText(low: number, high: number): string {
  float.setUint32(0, low, true);
  float.setUint32(4, high, true);
  const value = float.getFloat64(0, true);
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  return Object.is(value, -0) ? "-0.0" : String(value);
}
