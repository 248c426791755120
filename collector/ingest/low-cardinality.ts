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
  out.raw(dictionary.written, 0, dictionary.written.length);
  out.u32(length);
  out.u32(0);
  out.reserve(length * width);
  const narrow = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const view = narrow.from(indexes.subarray(0, length));
  out.append(new Uint8Array(view.buffer));
}
