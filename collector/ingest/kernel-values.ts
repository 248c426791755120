/** Values in the kernel's memory, as ClickHouse's Native format has them. */
import type { ByteBuffer } from "./byte-buffer.ts";
import type { Place } from "./kernel-instance.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { writeEntries, type Entries } from "./low-cardinality.ts";

// Fields of the structs in kernel/memory.ts and kernel/dictionary.ts, by their order.
const DATA = 0;
const LENGTH = 1;
const DICTIONARY_COUNT = 3;
const DICTIONARY_WRITTEN = 4;

/** The bytes of a struct Bytes. */
export function bytesOf(kernel: KernelMemory, struct: Place): Uint8Array {
  const data = kernel.field(struct, DATA);
  return kernel.bytes.subarray(data, data + kernel.field(struct, LENGTH));
}

/** How many strings a dictionary has, the empty one included. */
export function entryCount(kernel: KernelMemory, dictionary: Place): number {
  return kernel.field(dictionary, DICTIONARY_COUNT);
}

/** Appends strings as indexes into a dictionary, of which `count` numbers of 32 bits lie at `indexes`. */
export function writeIndexed(
  out: ByteBuffer,
  kernel: KernelMemory,
  dictionary: Place,
  indexes: Place,
  count: number,
): void {
  if (count === 0) return;
  const entries: Entries = {
    count: entryCount(kernel, dictionary),
    bytes: bytesOf(kernel, kernel.field(dictionary, DICTIONARY_WRITTEN)),
  };
  const width = writeEntries(out, entries, count);
  const at = kernel.exports.narrowed(indexes, count, width) >>> 0;
  out.append(kernel.bytes.subarray(at, at + count * width));
}

/** Appends where each row's list ends among all entries, of which `rows` counts of 32 bits lie at `counts`. */
export function writeEnds(out: ByteBuffer, kernel: KernelMemory, counts: Place, rows: number): void {
  const at = kernel.exports.endsOf(counts, rows) >>> 0;
  out.append(kernel.bytes.subarray(at, at + rows * 8));
}
