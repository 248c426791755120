/** JSON's strings as protobuf has them: text, ids in hex digits, bytes in base64. A place of 0 is as in json-scan.ts. */
import { endSized, out, setOut, varintAt } from "./json-output";
import { BACKSLASH, escapedCharacter, hexCode, plainEnd, QUOTE, specialsOf } from "./json-scan";

const LETTER_U: u8 = 0x75;
const PAD: u8 = 0x3d;
const REPLACEMENT: i32 = 0xfffd;
/** Hex digits of the ids. */
const SPAN_ID_DIGITS: usize = 16;
const TRACE_ID_DIGITS: usize = 32;

/** Writes the string at `at` with its size; where it ends. */
// @ts-ignore: a decorator on a function
@inline
export function putString(at: usize): usize {
  if (load<u8>(at) != QUOTE) return 0;
  const start = out + 1;
  let from = at + 1;
  let to = start;
  while (true) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const specials = specialsOf(bytes);
    if (specials != 0) {
      to += ctz(specials);
      from += ctz(specials);
      break;
    }
    from += 16;
    to += 16;
  }
  if (load<u8>(from) != QUOTE || to - start >= 0x80) return putLong(from, start, to);
  store<u8>(start - 1, <u8>(to - start));
  setOut(to);
  return from + 1;
}

/** Goes on with a string that has no size yet, and whose plain part at its beginning was written. */
function putLong(from: usize, start: usize, to: usize): usize {
  setOut(to);
  while (load<u8>(from) != QUOTE) {
    if (load<u8>(from) != BACKSLASH) return 0;
    from = putEscaped(from + 1);
    if (from == 0) return 0;
    const end = plainEnd(from);
    memory.copy(out, from, end - from);
    setOut(out + (end - from));
    from = end;
  }
  endSized(start, 1);
  return from + 1;
}

/** Writes what a backslash before `at` says; where the text goes on. */
function putEscaped(at: usize): usize {
  const letter = load<u8>(at);
  if (letter != LETTER_U) {
    const character = escapedCharacter(letter);
    if (character == 0) return 0;
    store<u8>(out, character);
    setOut(out + 1);
    return at + 1;
  }
  const code = hexCode(at + 1);
  if (code < 0) return 0;
  at += 5;
  if ((code & 0xf800) != 0xd800) {
    putCode(code);
    return at;
  }
  const isPair = code < 0xdc00 && load<u8>(at) == BACKSLASH && load<u8>(at + 1) == LETTER_U;
  const low = isPair ? hexCode(at + 2) : -1;
  if (low < 0 || (low & 0xfc00) != 0xdc00) {
    putCode(REPLACEMENT);
    return at;
  }
  putCode(0x1_0000 + ((code & 0x3ff) << 10) + (low & 0x3ff));
  return at + 6;
}

/** Writes a character in UTF-8. */
function putCode(code: i32): void {
  let to = out;
  if (code < 0x80) store<u8>(to++, <u8>code);
  else {
    if (code < 0x800) store<u8>(to++, <u8>((code >> 6) | 0xc0));
    else {
      if (code < 0x1_0000) store<u8>(to++, <u8>((code >> 12) | 0xe0));
      else {
        store<u8>(to++, <u8>((code >> 18) | 0xf0));
        store<u8>(to++, <u8>(((code >> 12) & 0x3f) | 0x80));
      }
      store<u8>(to++, <u8>(((code >> 6) & 0x3f) | 0x80));
    }
    store<u8>(to++, <u8>((code & 0x3f) | 0x80));
  }
  setOut(to);
}

/** Writes an id, or none, with its size, which stands in hex digits at `at`; where they end. */
export function putHex(at: usize): usize {
  if (load<u8>(at) != QUOTE) return 0;
  const from = at + 1;
  const size = plainEnd(from) - from;
  if (load<u8>(from + size) != QUOTE) return 0;
  if (size != 0 && size != SPAN_ID_DIGITS && size != TRACE_ID_DIGITS) return 0;
  store<u8>(out, <u8>(size >> 1));
  if (size > 0 && !putEightBytes(from, out + 1)) return 0;
  if (size > SPAN_ID_DIGITS && !putEightBytes(from + SPAN_ID_DIGITS, out + 9)) return 0;
  setOut(out + 1 + (size >> 1));
  return from + size + 1;
}

/** Writes the bytes of 16 hex digits. */
function putEightBytes(from: usize, to: usize): bool {
  const characters = v128.load(from);
  const fromZero = i8x16.sub(characters, i8x16.splat(0x30));
  const isDigit = i8x16.lt_u(fromZero, i8x16.splat(10));
  const fromA = i8x16.sub(v128.or(characters, i8x16.splat(0x20)), i8x16.splat(0x61));
  const isLetter = i8x16.lt_u(fromA, i8x16.splat(6));
  if (!i8x16.all_true(v128.or(isDigit, isLetter))) return false;
  const values = v128.bitselect(fromZero, i8x16.add(fromA, i8x16.splat(10)), isDigit);
  // The first of two digits lies in the low half of 16 bits, and is worth more.
  const bytes = v128.or(v128.and(i16x8.shl(values, 4), i16x8.splat(0xff)), i16x8.shr_u(values, 8));
  v128.store64_lane(to, i8x16.narrow_i16x8_u(bytes, bytes), 0);
  return true;
}

/** Writes the bytes that stand in base64 at `at`, as its standard alphabet and padding have them. */
export function putBase64(at: usize): usize {
  if (load<u8>(at) != QUOTE) return 0;
  const from = at + 1;
  const end = plainEnd(from);
  const size = <u32>(end - from);
  if (load<u8>(end) != QUOTE || (size & 3) != 0) return 0;
  let pads: u32 = 0;
  if (size > 0 && load<u8>(end - 1) == PAD) pads = load<u8>(end - 2) == PAD ? 2 : 1;
  let to = varintAt(out, (size >> 2) * 3 - pads);
  const whole = end - (pads > 0 ? 4 : 0);
  for (at = from; at < whole; at += 4) {
    const bits = sixBits(at) | sixBits(at + 1) | sixBits(at + 2) | sixBits(at + 3);
    if (bits > 0x3f) return 0;
    const word = (sixBits(at) << 18) | (sixBits(at + 1) << 12) | (sixBits(at + 2) << 6) | sixBits(at + 3);
    store<u8>(to, <u8>(word >> 16));
    store<u8>(to + 1, <u8>(word >> 8));
    store<u8>(to + 2, <u8>word);
    to += 3;
  }
  if (pads > 0) {
    const third = pads == 2 ? 0 : sixBits(at + 2);
    if ((sixBits(at) | sixBits(at + 1) | third) > 0x3f) return 0;
    const word = (sixBits(at) << 18) | (sixBits(at + 1) << 12) | (third << 6);
    // Bits that belong to no byte.
    if ((word & (pads == 2 ? 0xffff : 0xff)) != 0) return 0;
    store<u8>(to++, <u8>(word >> 16));
    if (pads == 1) store<u8>(to++, <u8>(word >> 8));
  }
  setOut(to);
  return end + 1;
}

/** The value of a character of base64; above 0x3f where it is none. */
function sixBits(at: usize): u32 {
  const character = <u32>load<u8>(at);
  if (character - 0x41 < 26) return character - 0x41;
  if (character - 0x61 < 26) return character - 0x61 + 26;
  if (character - 0x30 < 10) return character - 0x30 + 52;
  return character == 0x2b ? 62 : character == 0x2f ? 63 : 0x40;
}
