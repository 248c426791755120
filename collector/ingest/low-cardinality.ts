/** LowCardinality(String) as the Native format has it. */
import type { ByteBuffer } from "./byte-buffer.ts";

/** SharedDictionariesWithAdditionalKeys, the only version there is. */
export function writeLowCardinalityVersion(out: ByteBuffer): void {
  out.u32(1);
  out.u32(0);
}

/** HasAdditionalKeysBit and NeedUpdateDictionary: the block brings its own dictionary. */
const OWN_DICTIONARY = 0x600;

/** The strings of a dictionary: how many, and each as a varint length and its bytes. */
export interface Entries {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Bytes of an index. */
export type IndexWidth = 1 | 2 | 4;

/** Appends what stands before `length` indexes, at least one; how wide these are to be. */
export function writeEntries(out: ByteBuffer, { count, bytes }: Entries, length: number): IndexWidth {
  const width = count <= 0x100 ? 1 : count <= 0x1_0000 ? 2 : 4;
  out.u32(OWN_DICTIONARY | (width >> 1));
  out.u32(0);
  out.u32(count);
  out.u32(0);
  out.append(bytes);
  out.u32(length);
  out.u32(0);
  return width;
}

/** Appends strings as indexes into the block's own dictionary; nothing where there are none. */
export function writeLowCardinality(out: ByteBuffer, entries: Entries, indexes: Uint32Array): void {
  const { length } = indexes;
  if (length === 0) return;
  const width = writeEntries(out, entries, length);
  if (width === 1) {
    out.reserve(length);
    // Narrows each number.
    out.bytes.set(indexes, out.length);
    out.length += length;
  } else {
    const narrow = width === 2 ? new Uint16Array(indexes) : indexes;
    out.append(new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength));
  }
}
