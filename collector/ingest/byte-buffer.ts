/** Bytes that grow; what every column without a fixed width is written into. */
import { isUtf8 } from "node:buffer";

const initialSizeBytes = 4_096;
/** Up to this length a loop over words is faster than a call of the native copy. */
const loopCopyMaxBytes = 64;
/** The high bits of four bytes: none is set in ASCII. */
const HIGH_BITS = 0x8080_8080 | 0;

/** A view on all of these bytes: what they are read by four at a time where speed matters. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An append-only buffer that keeps its memory from one use to the next. */
export class ByteBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(initialSizeBytes);
  view = new DataView(this.bytes.buffer, 0, initialSizeBytes);
  length = 0;

  /** Makes room for `more` bytes; call before writing into `bytes` by index. */
  reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.view = new DataView(grown.buffer, grown.byteOffset, grown.length);
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

  /** Little-endian, as everything in protobuf and in Native is. */
  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Appends all of `bytes`. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  zeros(count: number): void {
    this.reserve(count);
    this.bytes.fill(0, this.length, this.length + count);
    this.length += count;
  }

  /** Appends the bytes of `source` from `start` to before `end` as they are. */
  raw(source: DataView, start: number, end: number): void {
    const size = end - start;
    if (size > loopCopyMaxBytes) {
      this.append(bytesOf(source, start, end));
      return;
    }
    this.reserve(size);
    copyWords(source, start, end, this.view, this.length);
    this.length += size;
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
  string(source: DataView, start: number, end: number): boolean {
    const size = end - start;
    if (size > loopCopyMaxBytes) return this.#longString(source, start, end);
    this.reserve(size + 1);
    this.bytes[this.length] = size;
    const high = copyWords(source, start, end, this.view, this.length + 1);
    if (high === 0 || isUtf8(bytesOf(source, start, end))) {
      this.length += size + 1;
      return true;
    }
    this.text(decodeLossy(source, start, end));
    return false;
  }

  /** Appends a JavaScript string in the same form. */
  text(text: string): void {
    if (text.length <= loopCopyMaxBytes && this.#shortAscii(text)) return;
    this.varint(Buffer.byteLength(text));
    this.utf8(text);
  }

  /** False, and nothing appended, where the text is not ASCII. */
  #shortAscii(text: string): boolean {
    const size = text.length;
    this.reserve(size + 1);
    const { bytes } = this;
    const start = this.length + 1;
    for (let index = 0; index < size; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[start + index] = code;
    }
    bytes[start - 1] = size;
    this.length = start + size;
    return true;
  }

  /** Appends a JavaScript string without a length. */
  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }

  #longString(source: DataView, start: number, end: number): boolean {
    const view = bytesOf(source, start, end);
    if (!isUtf8(view)) {
      this.text(decodeLossy(source, start, end));
      return false;
    }
    this.varint(end - start);
    this.append(view);
    return true;
  }
}

/** Copies four bytes at a time, where there is room; returns the high bits seen, 0 for ASCII. */
function copyWords(from: DataView, start: number, end: number, to: DataView, at: number): number {
  let high = 0;
  let index = start;
  let write = at;
  for (const last = end - 4; index <= last; index += 4) {
    const word = from.getInt32(index, true);
    high |= word;
    to.setInt32(write, word, true);
    write += 4;
  }
  for (; index < end; index += 1) {
    const byte = from.getUint8(index);
    high |= byte;
    to.setUint8(write, byte);
    write += 1;
  }
  return high & HIGH_BITS;
}

function bytesOf(source: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(source.buffer, source.byteOffset + start, end - start);
}

function decodeLossy(source: DataView, start: number, end: number): string {
  return Buffer.from(source.buffer, source.byteOffset + start, end - start).toString("utf8");
}
