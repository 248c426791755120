/** LowCardinality(String) as the Native format has it. */
import type { ByteBuffer } from "./byte-buffer.ts";
import type { Dictionary } from "./dictionary.ts";

/** SharedDictionariesWithAdditionalKeys, the only version there is. */
export function writeLowCardinalityVersion(out: ByteBuffer): void {
  out.u32(1);
  out.u32(0);
}

/** HasAdditionalKeysBit and NeedUpdateDictionary: the block brings its own dictionary. */
const OWN_DICTIONARY = 0x600;

/** Appends `length` strings as indexes into the block's own dictionary; nothing where there are none. */
export function writeLowCardinality(
  out: ByteBuffer,
  dictionary: Dictionary,
  indexes: Uint32Array,
  length: number,
): void {
  if (length === 0) return;
  const { count } = dictionary;
  const width = count <= 0x100 ? 1 : count <= 0x1_0000 ? 2 : 4;
  out.u32(OWN_DICTIONARY | (width >> 1));
  out.u32(0);
  out.u32(count);
  out.u32(0);
  out.raw(dictionary.written.view, 0, dictionary.written.length);
  out.u32(length);
  out.u32(0);
  const used = indexes.subarray(0, length);
  if (width === 1) {
    out.reserve(length);
    // Narrows each number.
    out.bytes.set(used, out.length);
    out.length += length;
  } else {
    const narrow = width === 2 ? new Uint16Array(used) : used;
    out.append(new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength));
  }
}
