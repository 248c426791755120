/** JSON's numbers as protobuf has them. A place of 0 is as in json-scan.ts. */
import { out, setOut, varintAt } from "./json-output";
import { ALSE, digits, exponent, mantissa, MINUS, QUOTE, readNumber, TRUE } from "./json-scan";

/** The double that a number's text is; asked where it takes more than one step that may round. */
// @ts-ignore: a decorator on a function
@external("host", "doubleOf")
declare function doubleOf(text: usize, size: u32): f64;

const DIGIT_0: u8 = 0x30;
const UINT32_MAX: u64 = 0xffff_ffff;
const INT31_MAX: u64 = 0x7fff_ffff;
const INT64_LIMIT: u64 = 1 << 63;
/** Any number of so many digits has 64 bits, and some that have one more; which TypeScript takes no more of. */
const UINT64_DIGITS: u32 = 19;
const LEAST_OF_20_DIGITS: u64 = 10_000_000_000_000_000_000;
/** Integers up to here, and powers of ten up to that one, are doubles without rounding. */
const EXACT_MAX: u64 = 1 << 53;
const EXACT_POWER_MAX: i32 = 22;
const POWERS = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

let integer: u64 = 0;
let isNegative: bool = false;

/** Reads an integer, in quotes or not; where it ends. */
function readInteger(at: usize): usize {
  const isQuoted = load<u8>(at) == QUOTE;
  if (isQuoted) at++;
  isNegative = load<u8>(at) == MINUS;
  if (isNegative) at++;
  const end = readDigits(at);
  const size = <u32>(end - at);
  if (size == 0 || (size > UINT64_DIGITS && !is20Digits(at, size))) return 0;
  if (isQuoted) return load<u8>(end) == QUOTE ? end + 1 : 0;
  return load<u8>(at) == DIGIT_0 && size > 1 ? 0 : end;
}

/** Whether these are 20 digits, and no bit of them was lost: then what begins with 1 would be too small. */
function is20Digits(at: usize, size: u32): bool {
  const first = load<u8>(at) - DIGIT_0;
  return size == UINT64_DIGITS + 1 && (first == 0 || (first == 1 && integer >= LEAST_OF_20_DIGITS));
}

function readDigits(at: usize): usize {
  let value: u64 = 0;
  if (areDigits(load<u64>(at))) {
    value = valueOfDigits(load<u64>(at));
    at += 8;
    if (areDigits(load<u64>(at))) {
      value = value * 100_000_000 + valueOfDigits(load<u64>(at));
      at += 8;
    }
  }
  while (true) {
    const digit: u8 = load<u8>(at) - DIGIT_0;
    if (digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  integer = value;
  return at;
}

/** Whether eight characters are digits: the upper half of each is 3, and stays so with six more. */
// @ts-ignore: a decorator on a function
@inline
function areDigits(characters: u64): bool {
  const upper: u64 = 0xf0f0_f0f0_f0f0_f0f0;
  const more = characters + 0x0606_0606_0606_0606;
  return ((characters & upper) | ((more & upper) >> 4)) == 0x3333_3333_3333_3333;
}

/** The number that eight digits make: by pairs, fours and all. */
// @ts-ignore: a decorator on a function
@inline
function valueOfDigits(characters: u64): u64 {
  let value = characters - 0x3030_3030_3030_3030;
  value = value * 10 + (value >> 8);
  const low = (value & 0x0000_00ff_0000_00ff) * 0x000f_4240_0000_0064;
  const high = ((value >> 16) & 0x0000_00ff_0000_00ff) * 0x0000_2710_0000_0001;
  return (low + high) >> 32;
}

export function putUint32(at: usize): usize {
  const end = readInteger(at);
  if (end == 0 || isNegative || integer > UINT32_MAX) return 0;
  setOut(varintAt(out, integer));
  return end;
}

export function putFixed32(at: usize): usize {
  const end = readInteger(at);
  if (end == 0 || isNegative || integer > UINT32_MAX) return 0;
  store<u32>(out, <u32>integer);
  setOut(out + 4);
  return end;
}

export function putFixed64(at: usize): usize {
  const end = readInteger(at);
  if (end == 0 || isNegative) return 0;
  store<u64>(out, integer);
  setOut(out + 8);
  return end;
}

export function putInt64(at: usize): usize {
  const end = readInteger(at);
  if (end == 0 || integer > INT64_LIMIT || (integer == INT64_LIMIT && !isNegative)) return 0;
  setOut(varintAt(out, isNegative ? 0 - integer : integer));
  return end;
}

/** Those below 0 are left to TypeScript, and there is none in quotes. */
export function putEnum(at: usize): usize {
  if (load<u8>(at) == QUOTE) return 0;
  const end = readInteger(at);
  if (end == 0 || isNegative || integer > INT31_MAX) return 0;
  setOut(varintAt(out, integer));
  return end;
}

export function putBool(at: usize): usize {
  const isTrue = load<u32>(at) == TRUE;
  if (!isTrue && (load<u8>(at) != 0x66 || load<u32>(at + 1) != ALSE)) return 0;
  store<u8>(out, isTrue ? 1 : 0);
  setOut(out + 1);
  return isTrue ? at + 4 : at + 5;
}

export function putDouble(at: usize): usize {
  if (load<u8>(at) == QUOTE) return putSpecialDouble(at + 1);
  const isBelow0 = load<u8>(at) == MINUS;
  const from = isBelow0 ? at + 1 : at;
  const end = readNumber(from);
  if (end == 0) return 0;
  let value: f64;
  const isExact = digits <= UINT64_DIGITS && mantissa <= EXACT_MAX && abs(exponent) <= EXACT_POWER_MAX;
  if (!isExact) value = doubleOf(from, <u32>(end - from));
  else if (exponent < 0) value = <f64>mantissa / load<f64>(POWERS + (-exponent << 3));
  else value = <f64>mantissa * load<f64>(POWERS + (exponent << 3));
  store<f64>(out, isBelow0 ? -value : value);
  setOut(out + 8);
  return end;
}

/** What is no number of JSON; numbers in quotes are left to TypeScript. */
function putSpecialDouble(at: usize): usize {
  if (load<u32>(at) == 0x224e_614e) return putConstant(at + 4, NaN);
  const isBelow0 = load<u8>(at) == MINUS;
  if (isBelow0) at++;
  const isInfinity = load<u64>(at) == 0x7974_696e_6966_6e49 && load<u8>(at + 8) == QUOTE;
  return isInfinity ? putConstant(at + 9, isBelow0 ? -Infinity : Infinity) : 0;
}

function putConstant(end: usize, value: f64): usize {
  store<f64>(out, value);
  setOut(out + 8);
  return end;
}
