/**
 * Memory of finished blocks, which comes back once a block is in the store: taken anew each time, it would make the
 * garbage collector run several times a second.
 */
import { ByteBuffer } from "./byte-buffer.ts";

/** Kept for blocks to come: what a second of full load writes, bytes. */
const freeMaxBytes = 48 * 1024 * 1024;
/** A block that fills less of its memory than this is copied out of it, as one span must not hold a megabyte. */
const fillMin = 0.25;

/** A finished block, in memory that is lent for as long as it is needed. */
export interface BlockBytes {
  readonly bytes: Buffer;
  /** Gives the memory back; nobody may read the bytes any more. */
  release(): void;
}

/** Hands out one buffer at a time to be written. */
export class BlockMemory {
  /** What is written now. */
  out = new ByteBuffer();
  readonly #free: ByteBuffer[] = [];
  #freeBytes = 0;

  /** What was written into {@link out}, which is another, empty buffer afterwards. */
  finish(): BlockBytes {
    const { out } = this;
    const written = out.bytes.subarray(0, out.length);
    if (out.length < fillMin * out.bytes.length) {
      const bytes = Buffer.from(written);
      out.length = 0;
      return { bytes, release: () => undefined };
    }
    this.out = this.#take(out.length);
    let released = false;
    return {
      bytes: written,
      release: () => {
        if (!released) this.#give(out);
        released = true;
      },
    };
  }

  #take(sizeBytes: number): ByteBuffer {
    const free = this.#free.pop();
    if (free) {
      this.#freeBytes -= free.bytes.length;
      free.length = 0;
      return free;
    }
    const made = new ByteBuffer();
    made.reserve(sizeBytes);
    return made;
  }

  #give(buffer: ByteBuffer): void {
    if (this.#freeBytes + buffer.bytes.length > freeMaxBytes) return;
    this.#freeBytes += buffer.bytes.length;
    this.#free.push(buffer);
  }
}
