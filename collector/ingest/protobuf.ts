/**
 * Reads protobuf's wire format in place: no objects, no copies.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { malformed } from "./errors.ts";

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
/** Wire type of strings, bytes and messages: a length, then so many bytes. */
export const WIRE_BYTES = 2;
const WIRE_GROUP_START = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;

const TWO_32 = 4_294_967_296;
/** Levels of unknown groups that are skipped; no message of OTLP has any. */
const groupDepthMax = 32;

/** A position in a message; `tag` and the value readers move it on. */
export class ProtobufReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position = 0;
  /** End of the message that is read now. */
  end: number;
  /** Low and high 32 bits of the last {@link varint64} or {@link fixed64}, unsigned. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** An unsigned varint of at most 32 bits; longer ones are cut to their low 32 bits, as protobuf says. */
  varint32(): number {
    const { bytes } = this;
    if (this.position < this.end) {
      const byte = bytes[this.position] as number;
      if (byte < 0x80) {
        this.position += 1;
        return byte;
      }
    }
    this.varint64();
    return this.low;
  }

  /** Reads a varint of up to ten bytes into `low` and `high`. */
  varint64(): void {
    const { bytes, end } = this;
    let position = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) throw malformed(`truncated varint at byte ${String(position)}`);
      const byte = bytes[position++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) {
        this.position = position;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw malformed(`varint longer than ten bytes at byte ${String(this.position)}`);
  }

  /** Reads eight bytes into `low` and `high`. */
  fixed64(): void {
    const at = this.position;
    if (at + 8 > this.end) throw malformed(`truncated 64-bit field at byte ${String(at)}`);
    this.low = this.view.getUint32(at, true);
    this.high = this.view.getUint32(at + 4, true);
    this.position = at + 8;
  }

  fixed32(): number {
    const at = this.position;
    if (at + 4 > this.end) throw malformed(`truncated 32-bit field at byte ${String(at)}`);
    this.position = at + 4;
    return this.view.getUint32(at, true);
  }

  /** Reads the length before bytes, a string or a message, and returns the end of it; `position` is its start. */
  lengthEnd(): number {
    this.high = 0;
    const length = this.varint32();
    if (this.high !== 0) throw malformed(`length above 4 GiB at byte ${String(this.position)}`);
    const end = this.position + length;
    if (end > this.end) {
      const have = this.end - this.position;
      throw malformed(`field at byte ${String(this.position)} says ${String(length)} bytes, ${String(have)} are left`);
    }
    return end;
  }

  /** Fails where a known field has another wire type than it must have. */
  expect(tag: number, wireType: number, field: string): void {
    if ((tag & 7) !== wireType) {
      throw malformed(`${field} has wire type ${String(tag & 7)}, not ${String(wireType)}, at byte ${String(this.position)}`);
    }
  }

  /** Passes over the value of an unknown field. */
  skip(tag: number, depth = 0): void {
    const wireType = tag & 7;
    if (tag >>> 3 === 0) throw malformed(`field number 0 at byte ${String(this.position)}`);
    if (wireType === WIRE_VARINT) this.varint64();
    else if (wireType === WIRE_FIXED64) this.fixed64();
    else if (wireType === WIRE_BYTES) this.position = this.lengthEnd();
    else if (wireType === WIRE_FIXED32) this.fixed32();
    else if (wireType === WIRE_GROUP_START) this.#skipGroup(tag >>> 3, depth);
    else throw malformed(`wire type ${String(wireType)} at byte ${String(this.position)}`);
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > groupDepthMax) throw malformed("groups nested too deep");
    while (this.position < this.end) {
      const tag = this.varint32();
      if ((tag & 7) === WIRE_GROUP_END) {
        if (tag >>> 3 === field) return;
        throw malformed(`group ends with another field number at byte ${String(this.position)}`);
      }
      this.skip(tag, depth + 1);
    }
    throw malformed("group without an end");
  }
}

/** A 64-bit unsigned value out of its halves; exact only up to 2^53. */
export function toNumber(low: number, high: number): number {
  return high * TWO_32 + low;
}

/** Passes over an unknown field; a known one (up to `lastField`) that comes with a wrong wire type is an error. */
export function skipUnknown(reader: ProtobufReader, tag: number, lastField: number, message: string): void {
  const field = tag >>> 3;
  if (field >= 1 && field <= lastField) reader.expect(tag, -1, `field ${String(field)} of ${message}`);
  reader.skip(tag);
}
