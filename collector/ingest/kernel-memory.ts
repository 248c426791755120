/** A kernel with its memory as JavaScript sees it. */
import { newKernel, type KernelExports, type Place } from "./kernel-instance.ts";

/** What is taken in stays until the next is. */
export class KernelMemory {
  readonly exports: KernelExports;
  /** Where the request at hand lies. */
  request: Place = 0;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);

  constructor() {
    this.exports = newKernel();
  }

  /** The kernel's memory; taken anew after each call that may have made it grow. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.exports.memory.buffer);
    return this.#bytes;
  }

  /** The same, by 32 bits. */
  get words(): Uint32Array {
    if (this.#words.length === 0) this.#words = new Uint32Array(this.exports.memory.buffer);
    return this.#words;
  }

  /** A 32-bit field of a struct, by its order. */
  field(struct: Place, index: number): number {
    return this.words[(struct >>> 2) + index] as number;
  }

  setField(struct: Place, index: number, value: number): void {
    this.words[(struct >>> 2) + index] = value;
  }

  /** How large it is, bytes; it never shrinks. */
  get sizeBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** Takes a request in. */
  take(body: Uint8Array): void {
    this.request = this.exports.requestRoom(body.length) >>> 0;
    this.bytes.set(body, this.request);
  }

  /** Puts bytes where the kernel finds them, until the next call. */
  scratch(bytes: Uint8Array): Place {
    const at = this.exports.scratchRoom(bytes.length) >>> 0;
    this.bytes.set(bytes, at);
    return at;
  }
}
