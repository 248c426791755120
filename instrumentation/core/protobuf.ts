/**
 * Writes the protobuf wire format into one growing buffer.
 *
 * A nested message is written first and its length put before it afterwards, so nothing is measured twice
 * and no object is made for it.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param capacityBytes first size of the buffer; it doubles where that is too little */
  constructor(capacityBytes: number) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
  }

  /** What was written: a view, valid until the next write. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  varintField(field: number, value: number): void {
    this.#reserve(20);
    this.#varint(field << 3);
    this.#varint(value);
  }

  /** A 64-bit signed integer as the varint of its two's complement. */
  int64Field(field: number, value: bigint): void {
    this.#reserve(20);
    this.#varint(field << 3);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  fixed64Field(field: number, value: bigint): void {
    this.#reserve(20);
    this.#varint((field << 3) | 1);
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
  }

  fixed32Field(field: number, value: number): void {
    this.#reserve(20);
    this.#varint((field << 3) | 5);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  doubleField(field: number, value: number): void {
    this.#reserve(20);
    this.#varint((field << 3) | 1);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  stringField(field: number, value: string): void {
    this.message(field, () => {
      // A UTF-16 unit takes at most three bytes of UTF-8.
      this.#reserve(value.length * 3);
      this.#length += this.#bytes.write(value, this.#length, "utf8");
    });
  }

  bytesField(field: number, value: Uint8Array): void {
    this.message(field, () => {
      this.#reserve(value.length);
      this.#bytes.set(value, this.#length);
      this.#length += value.length;
    });
  }

  hexField(field: number, hex: string): void {
    this.message(field, () => {
      this.#reserve(hex.length);
      this.#length += this.#bytes.write(hex, this.#length, "hex");
    });
  }

  /** A length-delimited field whose content `write` writes. */
  message(field: number, write: () => void): void {
    this.#reserve(20);
    this.#varint((field << 3) | 2);
    const lengthAt = this.#length++;
    write();
    const size = this.#length - lengthAt - 1;
    const extra = varintSize(size) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(lengthAt + 1 + extra, lengthAt + 1, this.#length);
    }
    const end = this.#length + extra;
    this.#length = lengthAt;
    this.#varint(size);
    this.#length = end;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}
