/** A UUID's text as ClickHouse has it: 16 bytes, each half a little-endian number. */

/** Characters of a UUID with its dashes. */
export const UUID_TEXT_SIZE: u32 = 36;
const DASH: u8 = 0x2d;
const DIGIT_0: i8 = 0x30;
/** What is taken from a letter's character for its value. */
const LETTER_A_LESS_TEN: i8 = 87;

/** Writes 16 bytes; false, and nothing written, where it is no UUID in lower case, or the nil one. */
export function putUuid(text: usize, to: usize): bool {
  if (load<u8>(text + 8) != DASH || load<u8>(text + 13) != DASH) return false;
  if (load<u8>(text + 18) != DASH || load<u8>(text + 23) != DASH) return false;
  const a = v128.load(text);
  const b = v128.load(text + 16);
  const c = v128.load(text + 20);
  // The digits without the dashes, 16 of each half.
  const first = values(i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17));
  const second = values(i8x16.shuffle(b, c, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 28, 29, 30, 31));
  if (i8x16.bitmask(v128.or(first, second)) != 0) return false;
  const high = i8x16.shuffle(first, second, 14, 12, 10, 8, 6, 4, 2, 0, 30, 28, 26, 24, 22, 20, 18, 16);
  const low = i8x16.shuffle(first, second, 15, 13, 11, 9, 7, 5, 3, 1, 31, 29, 27, 25, 23, 21, 19, 17);
  // No value is above 15, so none is moved into its neighbour.
  const bytes = v128.or(i16x8.shl(high, 4), low);
  if (!v128.any_true(bytes)) return false;
  v128.store(to, bytes);
  return true;
}

/** By character: the value of the hex digit; one with the high bit where it is none. */
// @ts-ignore: a decorator on a function
@inline
function values(characters: v128): v128 {
  const digits = i8x16.sub(characters, i8x16.splat(DIGIT_0));
  const letters = i8x16.sub(characters, i8x16.splat(LETTER_A_LESS_TEN));
  const isDigit = i8x16.lt_u(digits, i8x16.splat(10));
  const isLetter = i8x16.lt_u(i8x16.sub(letters, i8x16.splat(10)), i8x16.splat(6));
  const known = v128.or(v128.and(digits, isDigit), v128.and(letters, isLetter));
  return v128.or(known, v128.not(v128.or(isDigit, isLetter)));
}
