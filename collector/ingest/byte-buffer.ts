/** Bytes that grow; what every column without a fixed width is written into. */
import { isUtf8 } from "node:buffer";

const initialSizeBytes = 4_096;
/** Up to this length a loop in JavaScript is faster than a call of the native copy. */
const loopCopyMaxBytes = 48;

/** An append-only buffer that keeps its memory from one use to the next. */
export class ByteBuffer {
  bytes: Buffer = Buffer.allocUnsafe(initialSizeBytes);
  length = 0;

  /** Makes room for `more` bytes; call before writing into `bytes` by index. */
  reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(wanted, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  varint(value: number): void {
    this.reserve(5);
    const { bytes } = this;
    let rest = value >>> 0;
    while (rest >= 0x80) {
      bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.length++] = rest;
  }

  /** Appends `source[start..end)` as it is. */
  raw(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.reserve(size);
    if (size <= loopCopyMaxBytes) {
      const { bytes } = this;
      let at = this.length;
      for (let index = start; index < end; index += 1) bytes[at++] = source[index] as number;
      this.length = at;
    } else {
      this.bytes.set(source.subarray(start, end), this.length);
      this.length += size;
    }
  }

  /** Appends ASCII text. */
  ascii(text: string): void {
    this.reserve(text.length);
    this.bytes.write(text, this.length, "latin1");
    this.length += text.length;
  }

  /**
   * Appends a string as ClickHouse has it: varint length, then the bytes. Bytes that are not UTF-8 become U+FFFD,
   * as a text that readers cannot decode helps nobody. Returns whether they were UTF-8.
   */
  string(source: Uint8Array, start: number, end: number): boolean {
    const size = end - start;
    if (size > loopCopyMaxBytes) return this.#longString(source, start, end);
    this.reserve(size + 1);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = size;
    let high = 0;
    for (let index = start; index < end; index += 1) {
      const byte = source[index] as number;
      high |= byte;
      bytes[at++] = byte;
    }
    if (high < 0x80 || isUtf8(source.subarray(start, end))) {
      this.length = at;
      return true;
    }
    this.text(decodeLossy(source, start, end));
    return false;
  }

  u32(value: number): void {
    this.reserve(4);
    const { bytes } = this;
    const at = this.length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  /** Appends a JavaScript string in the same form. */
  text(text: string): void {
    this.varint(Buffer.byteLength(text));
    this.utf8(text);
  }

  /** Appends a JavaScript string without a length. */
  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }

  #longString(source: Uint8Array, start: number, end: number): boolean {
    const view = source.subarray(start, end);
    if (!isUtf8(view)) {
      this.text(decodeLossy(source, start, end));
      return false;
    }
    this.varint(end - start);
    this.reserve(end - start);
    this.bytes.set(view, this.length);
    this.length += end - start;
    return true;
  }
}

function decodeLossy(source: Uint8Array, start: number, end: number): string {
  return Buffer.from(source.buffer, source.byteOffset + start, end - start).toString("utf8");
}
