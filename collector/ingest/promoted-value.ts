/** Numbers into promoted columns, where they fit without loss. */
import type { PromotedWriter } from "./span-block.ts";

const scratch = new DataView(new ArrayBuffer(8));

/** A double out of its two halves. */
export function readDouble(low: number, high: number): number {
  scratch.setUint32(0, low, true);
  scratch.setUint32(4, high, true);
  return scratch.getFloat64(0, true);
}

/** Sets an unsigned column where it can hold the signed 64-bit value and has none yet. */
export function setUnsigned(promoted: PromotedWriter, row: number, low: number, high: number): boolean {
  if (low === 0 && high === 0) return false;
  if (promoted.type === "uint64") {
    const { values } = promoted.column;
    if (high >= 0x8000_0000 || values[row * 2] !== 0 || values[row * 2 + 1] !== 0) return false;
    values[row * 2] = low;
    values[row * 2 + 1] = high;
  } else if (promoted.type === "uint32") {
    if (high !== 0 || promoted.column.values[row] !== 0) return false;
    promoted.column.values[row] = low;
  } else if (promoted.type === "uint16") {
    if (high !== 0 || low > 0xffff || promoted.column.values[row] !== 0) return false;
    promoted.column.values[row] = low;
  } else return false;
  promoted.column.used = true;
  return true;
}
