/** An id that most often is a UUID: 16 bytes where it is one as everybody writes them, else its text. */
import { ScalarColumn, StringColumn } from "./native-columns.ts";

const uuidTextSize = 36;
const DASH = 0x2d;
/** Where the dashes of a UUID's text stand. */
const DASH_PLACES = [8, 13, 18, 23] as const;
const WORDS = 4;

/** The columns `<name>_uuid` and `<name>_text` of an attribute's column `<name>_id`; one of them has the value. */
export class UuidColumn {
  readonly uuid: ScalarColumn<Uint32Array>;
  readonly text: StringColumn;

  constructor(idColumn: string) {
    const name = idColumn.replace(/_id$/, "");
    this.uuid = new ScalarColumn(`${name}_uuid`, "UUID", (length) => new Uint32Array(length), WORDS);
    this.text = new StringColumn(`${name}_text`);
  }

  has(row: number): boolean {
    const { values } = this.uuid;
    const at = row * WORDS;
    for (let word = 0; word < WORDS; word += 1) if (values[at + word] !== 0) return true;
    return this.text.has(row);
  }

  /** Sets a row that {@link has} none yet; returns whether the bytes were UTF-8. */
  set(row: number, source: DataView, start: number, end: number): boolean {
    return this.#setUuid(row, source, start, end) || this.text.set(row, source, start, end);
  }

  /** False, and nothing set, where the text is not a UUID in lower case, or the nil one, which stands for absent. */
  #setUuid(row: number, source: DataView, start: number, end: number): boolean {
    if (end - start !== uuidTextSize) return false;
    for (const place of DASH_PLACES) if (source.getUint8(start + place) !== DASH) return false;
    const a = hex8(source, start, start + 4);
    const b = hex8(source, start + 9, start + 14);
    const c = hex8(source, start + 19, start + 24);
    const d = hex8(source, start + 28, start + 32);
    if (a < 0 || b < 0 || c < 0 || d < 0 || a + b + c + d === 0) return false;
    // ClickHouse has each half as a little-endian number.
    const { values } = this.uuid;
    const at = row * WORDS;
    values[at] = b;
    values[at + 1] = a;
    values[at + 2] = d;
    values[at + 3] = c;
    this.uuid.used = true;
    return true;
  }
}

/** The number written by four hex digits at `first` and four at `second`; -1 where any is not 0-9 or a-f. */
function hex8(source: DataView, first: number, second: number): number {
  const high = hex4(source.getUint32(first, true));
  const low = hex4(source.getUint32(second, true));
  return high < 0 || low < 0 ? -1 : high * 0x1_0000 + low;
}

/** The same for four digits, of which the first is the lowest byte; all four are worked on at a time. */
function hex4(digits: number): number {
  // Of a letter the low half is one less than ten below its value, and bit 6 is set.
  const nibbles = (digits & 0x0f0f_0f0f) + ((digits >>> 6) & 0x0101_0101) * 9;
  const letters = ((nibbles + 0x0606_0606) >>> 4) & 0x0101_0101;
  if ((nibbles & 0x1010_1010) !== 0 || (nibbles + 0x3030_3030 + letters * 0x27) >>> 0 !== digits) return -1;
  return ((nibbles & 0xf) << 12) | (((nibbles >>> 8) & 0xf) << 8) | (((nibbles >>> 16) & 0xf) << 4) | (nibbles >>> 24);
}
