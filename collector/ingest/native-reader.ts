/** Reads what `native-block.ts` writes. */
import { viewOf } from "./byte-buffer.ts";

/** A position in a Native block. */
export class NativeReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  varint(): number {
    const { bytes } = this;
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = bytes[this.position++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error(`no number at byte ${String(this.position)} of a Native block`);
  }

  /** The low half of a number of 64 bits: no block has 2^32 of anything. */
  u64(): number {
    const value = this.view.getUint32(this.position, true);
    this.position += 8;
    return value;
  }

  /** The next `size` bytes, in place. */
  take(size: number): Uint8Array {
    const start = this.position;
    this.position += size;
    if (this.position > this.bytes.length) throw new Error("a Native block ends too early");
    return this.bytes.subarray(start, this.position);
  }

  text(): string {
    const bytes = this.take(this.varint());
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }
}
