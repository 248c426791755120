/**
 * JSON where it lies, which ends in zeros: no value has a byte of zero in it, so nothing is read past the end. A place
 * of 0 is "not as it is known here".
 */

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;
export const COMMA: u8 = 0x2c;
export const COLON: u8 = 0x3a;
export const MINUS: u8 = 0x2d;
export const OPEN_BRACE: u8 = 0x7b;
export const CLOSE_BRACE: u8 = 0x7d;
export const OPEN_BRACKET: u8 = 0x5b;
export const CLOSE_BRACKET: u8 = 0x5d;
const PLUS: u8 = 0x2b;
const POINT: u8 = 0x2e;
const DIGIT_0: u8 = 0x30;
const LETTER_E: u8 = 0x65;
const LETTER_U: u8 = 0x75;
/** Makes a letter small; digits have it. */
const SMALL_BIT: u8 = 0x20;
const LAST_CONTROL: i8 = 0x1f;
/** `null`, `true` and the end of `false` as they lie in memory. */
export const NULL: u32 = 0x6c6c_756e;
export const TRUE: u32 = 0x6575_7274;
export const ALSE: u32 = 0x6573_6c61;
/** Arrays and objects in each other in what is skipped; the rest has its own bound. */
const SKIPPED_DEPTH_MAX: u32 = 32;

/** Where what is no white space begins. */
// @ts-ignore: a decorator on a function
@inline
export function skipSpace(at: usize): usize {
  return load<u8>(at) > 0x20 ? at : spaceEnd(at);
}

function spaceEnd(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    const spaces = v128.or(i8x16.eq(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x0a)));
    const others = v128.or(i8x16.eq(bytes, i8x16.splat(0x0d)), i8x16.eq(bytes, i8x16.splat(0x09)));
    const rest = ~i8x16.bitmask(v128.or(spaces, others)) & 0xffff;
    if (rest != 0) return at + ctz(rest);
    at += 16;
  }
}

/** By byte: whether it ends the plain part of a string. */
// @ts-ignore: a decorator on a function
@inline
export function specialsOf(bytes: v128): i32 {
  const quotes = i8x16.eq(bytes, i8x16.splat(QUOTE));
  const backslashes = i8x16.eq(bytes, i8x16.splat(BACKSLASH));
  const controls = i8x16.le_u(bytes, i8x16.splat(LAST_CONTROL));
  return i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
}

/** The first quote, backslash or control character. */
export function plainEnd(at: usize): usize {
  while (true) {
    const specials = specialsOf(v128.load(at));
    if (specials != 0) return at + ctz(specials);
    at += 16;
  }
}

/** The number of four hex digits; -1 where they are none. */
export function hexCode(at: usize): i32 {
  let code = 0;
  for (let index = 0; index < 4; index++) {
    const digit = hexDigit(load<u8>(at + index));
    if (digit > 15) return -1;
    code = (code << 4) | digit;
  }
  return code;
}

function hexDigit(character: u8): u8 {
  const digit = character - DIGIT_0;
  if (digit < 10) return digit;
  const letter: u8 = (character | SMALL_BIT) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

/** Digits of the number that was read, without point and exponent, the last 64 bits of them, and how many. */
export let mantissa: u64 = 0;
export let digits: u32 = 0;
/** By which power of ten the mantissa is multiplied; large ones are cut. */
export let exponent: i32 = 0;
const EXPONENT_MAX: i32 = 100_000;

/** Where the number that begins with a digit ends. */
export function readNumber(at: usize): usize {
  const integer = at;
  exponent = 0;
  mantissa = 0;
  at = readDigits(at);
  if (at == integer || (load<u8>(integer) == DIGIT_0 && at > integer + 1)) return 0;
  digits = <u32>(at - integer);
  if (load<u8>(at) == POINT) {
    const fraction = at + 1;
    at = readDigits(fraction);
    if (at == fraction) return 0;
    digits += <u32>(at - fraction);
    exponent = -<i32>(at - fraction);
  }
  return (load<u8>(at) | SMALL_BIT) == LETTER_E ? readExponent(at + 1) : at;
}

function readDigits(at: usize): usize {
  let value = mantissa;
  while (true) {
    const digit: u8 = load<u8>(at) - DIGIT_0;
    if (digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  mantissa = value;
  return at;
}

function readExponent(at: usize): usize {
  const isNegative = load<u8>(at) == MINUS;
  if (isNegative || load<u8>(at) == PLUS) at++;
  const from = at;
  let value = 0;
  while (true) {
    const digit: u8 = load<u8>(at) - DIGIT_0;
    if (digit > 9) break;
    value = min(value * 10 + digit, EXPONENT_MAX);
    at++;
  }
  exponent += isNegative ? -value : value;
  return at == from ? 0 : at;
}

/** Where any value ends. */
export function skipValue(at: usize, depth: u32): usize {
  const byte = load<u8>(at);
  if (byte == QUOTE) return skipString(at + 1);
  if (byte == OPEN_BRACE || byte == OPEN_BRACKET) return depth < SKIPPED_DEPTH_MAX ? skipItems(at, depth + 1) : 0;
  if (load<u32>(at) == NULL || load<u32>(at) == TRUE) return at + 4;
  if (load<u32>(at + 1) == ALSE && byte == 0x66) return at + 5;
  return readNumber(byte == MINUS ? at + 1 : at);
}

function skipItems(at: usize, depth: u32): usize {
  const isObject = load<u8>(at) == OPEN_BRACE;
  const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
  at = skipSpace(at + 1);
  if (load<u8>(at) == close) return at + 1;
  while (true) {
    if (isObject) {
      if (load<u8>(at) != QUOTE) return 0;
      at = skipString(at + 1);
      if (at == 0) return 0;
      at = skipSpace(at);
      if (load<u8>(at) != COLON) return 0;
      at = skipSpace(at + 1);
    }
    at = skipValue(at, depth);
    if (at == 0) return 0;
    at = skipSpace(at);
    const byte = load<u8>(at);
    if (byte == close) return at + 1;
    if (byte != COMMA) return 0;
    at = skipSpace(at + 1);
  }
}

/** Where the string that begins before `at` ends. */
function skipString(at: usize): usize {
  while (true) {
    at = plainEnd(at);
    const byte = load<u8>(at);
    if (byte == QUOTE) return at + 1;
    if (byte != BACKSLASH) return 0;
    const escaped = load<u8>(at + 1);
    if (escaped == LETTER_U) {
      if (hexCode(at + 2) < 0) return 0;
      at += 6;
    } else {
      if (escapedCharacter(escaped) == 0) return 0;
      at += 2;
    }
  }
}

/** The character that a letter behind a backslash stands for; 0 where it stands for none. */
export function escapedCharacter(letter: u8): u8 {
  switch (letter) {
    case 0x22:
    case 0x2f:
    case 0x5c:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}
