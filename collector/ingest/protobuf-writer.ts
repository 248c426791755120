/** Writes protobuf's wire format: what an OTLP/JSON request becomes before it is transcoded. */
import { ByteBuffer } from "./byte-buffer.ts";

const MASK_64 = (1n << 64n) - 1n;
const TWO_16 = 65_536;
const TWO_32 = 4_294_967_296;

/** Fields one after another; a message inside another is written through {@link message}. */
export class ProtobufWriter {
  readonly #out = new ByteBuffer();
  readonly #double = new DataView(new ArrayBuffer(8));

  /** A varint of up to 64 bits, negative ones in two's complement. */
  varint(field: number, value: bigint): void {
    this.#out.varint(field << 3);
    let rest = value & MASK_64;
    while (rest >= 0x80n) {
      this.#out.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#out.byte(Number(rest));
  }

  fixed64(field: number, value: bigint): void {
    this.#out.varint((field << 3) | 1);
    const bits = value & MASK_64;
    this.#out.u32(Number(bits & 0xffff_ffffn));
    this.#out.u32(Number(bits >> 32n));
  }

  fixed32(field: number, value: number): void {
    this.#out.varint((field << 3) | 5);
    this.#out.u32(value);
  }

  double(field: number, value: number): void {
    this.#double.setFloat64(0, value, true);
    this.#out.varint((field << 3) | 1);
    this.#out.u32(this.#double.getUint32(0, true));
    this.#out.u32(this.#double.getUint32(4, true));
  }

  string(field: number, value: string): void {
    this.#out.varint((field << 3) | 2);
    this.#out.text(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#out.varint((field << 3) | 2);
    this.#out.varint(value.length);
    this.#out.append(value);
  }

  /** A varint below 2^31. */
  smallVarint(field: number, value: number): void {
    this.#out.varint(field << 3);
    this.#out.varint(value);
  }

  /** The 64-bit number `high` * 10^9 + `low`; `high` has up to ten digits, so that no step loses any. */
  decimal64(field: number, high: number, low: number): void {
    this.#out.varint((field << 3) | 1);
    const upper = Math.floor(high / TWO_16) * 1e9;
    const lower = (high % TWO_16) * 1e9 + low;
    const bits = (upper % TWO_16) * TWO_16 + (lower % TWO_32);
    this.#out.u32(bits % TWO_32);
    this.#out.u32(Math.floor(upper / TWO_16) + Math.floor(lower / TWO_32) + Math.floor(bits / TWO_32));
  }

  /** Bytes that are written in hex digits. */
  hex(field: number, digits: string): void {
    const out = this.#out;
    out.varint((field << 3) | 2);
    out.varint(digits.length / 2);
    out.reserve(digits.length / 2);
    out.length += out.bytes.write(digits, out.length, "hex");
  }

  /** A message, whose fields `write` writes. */
  message(field: number, write: () => void): void {
    const start = this.begin(field);
    write();
    this.finish(start);
  }

  /** Starts a message; what it returns goes to {@link finish}. */
  begin(field: number): number {
    this.#out.varint((field << 3) | 2);
    this.#out.byte(0);
    return this.#out.length;
  }

  /** Ends the message that {@link begin} started. */
  finish(start: number): void {
    const out = this.#out;
    const size = out.length - start;
    if (size < 0x80) {
      out.bytes[start - 1] = size;
      return;
    }
    const sizeBytes = size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5;
    out.reserve(sizeBytes);
    out.bytes.copyWithin(start - 1 + sizeBytes, start, start + size);
    out.length = start - 1;
    out.varint(size);
    out.length += size;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#out.length;
  }

  /** Takes back all but the first `length` bytes. */
  cut(length: number): void {
    this.#out.length = length;
  }

  end(): Buffer<ArrayBuffer> {
    return Buffer.from(this.#out.bytes.subarray(0, this.#out.length));
  }
}
