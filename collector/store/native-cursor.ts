/** A place in the bytes of a Native answer. */
import { isAscii } from "node:buffer";

let zeros = Buffer.alloc(64 * 1024);

/** Reads numbers and texts one after another. */
export class NativeCursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** A length: no answer has 2^32 of anything. */
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Error("a Native answer ends too early");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  /** A number of 64 bits that is a length: its low half. */
  length64(): number {
    const value = this.bytes.readUInt32LE(this.at);
    this.at += 8;
    return value;
  }

  /** The next bytes, copied to where numbers of any width may lie. */
  take(size: number): ArrayBuffer {
    const start = this.skip(size);
    const { buffer, byteOffset } = this.bytes;
    return buffer.slice(byteOffset + start, byteOffset + start + size) as ArrayBuffer;
  }

  /** Passes over them, and says where they began. */
  skip(size: number): number {
    const start = this.at;
    this.at += size;
    if (this.at > this.bytes.length) throw new Error("a Native answer ends too early");
    return start;
  }

  /** Whether the next bytes are all zero. */
  isZero(size: number): boolean {
    if (zeros.length < size) zeros = Buffer.alloc(size * 2);
    return this.bytes.compare(zeros, 0, size, this.at, this.at + size) === 0;
  }

  text(): string {
    const length = this.varint();
    const start = this.skip(length);
    return this.bytes.toString("utf8", start, start + length);
  }

  /** So many texts: cut out of one where all are ASCII, as each reading of bytes costs more than the text itself. */
  texts(count: number): string[] {
    const { bytes } = this;
    const start = this.at;
    const lengths = new Uint32Array(count);
    for (let index = 0; index < count; index += 1) this.skip((lengths[index] = this.varint()));
    const texts = new Array<string>(count);
    const isPlain = isAscii(bytes.subarray(start, this.at));
    const all = isPlain ? bytes.toString("latin1", start, this.at) : "";
    let at = 0;
    for (let index = 0; index < count; index += 1) {
      const length = lengths[index] as number;
      at += varintSize(length);
      texts[index] = isPlain ? all.slice(at, at + length) : bytes.toString("utf8", start + at, start + at + length);
      at += length;
    }
    return texts;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest /= 0x80) size += 1;
  return size;
}
