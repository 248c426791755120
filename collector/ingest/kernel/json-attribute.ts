/** Attributes as `JSON.stringify` writes them, which nearly all are; what they have in common is compared at once. */
import { TAG_BOOL, TAG_DOUBLE, TAG_INT, TAG_KEY, TAG_STRING, TAG_VALUE } from "./attribute-tags";
import { putBool, putDouble, putInt64 } from "./json-number";
import { out, setOut } from "./json-output";
import { specialsOf } from "./json-scan";

// Characters as they lie in memory.
/** `{"key":"` */
const OPEN_KEY: u64 = 0x223a_2279_656b_227b;
/** `","value` and `":{"` */
const END_KEY: u64 = 0x6575_6c61_7622_2c22;
const OPEN_VALUE: u32 = 0x227b_3a22;
/** `stringVa`, and `Value":"` six characters on. */
const STRING: u64 = 0x6156_676e_6972_7473;
const STRING_END: u64 = 0x223a_2265_756c_6156;
/** `intValue` and `":` */
const INT: u64 = 0x6575_6c61_5674_6e69;
const INT_END: u16 = 0x3a22;
/** `boolValu` and `e":` */
const BOOL: u64 = 0x756c_6156_6c6f_6f62;
/** `doubleVa`, and `alue":` seven characters on. */
const DOUBLE: u64 = 0x6156_656c_6275_6f64;
const DOUBLE_END: u64 = 0x3a22_6575_6c61;
/** `}}`, and with a quote before it. */
const END: u16 = 0x7d7d;
const END_STRING: u32 = 0x7d7d_22;
const THREE_BYTES: u32 = 0xff_ffff;
const SIX_BYTES: u64 = 0xffff_ffff_ffff;

/** Sizes up to here have one byte. */
const SMALL_MAX: usize = 0x7f;

/** Writes the KeyValue at `at` with its size; where it ends, or 0, and nothing written, where it is any other. */
export function putPlainAttribute(at: usize): usize {
  if (load<u64>(at) != OPEN_KEY) return 0;
  const start = out;
  const key = at + 8;
  const keySize = copyPlain(key, start + 3);
  at = key + keySize;
  if (load<u64>(at) != END_KEY || load<u32>(at + 8) != OPEN_VALUE) return 0;
  const value = start + 3 + keySize;
  const end = putPlainValue(at + 12, value + 2);
  const size = out - start - 1;
  if (end == 0 || size > SMALL_MAX) {
    setOut(start);
    return 0;
  }
  store<u8>(start, <u8>size);
  store<u8>(start + 1, TAG_KEY);
  store<u8>(start + 2, <u8>keySize);
  store<u8>(value, TAG_VALUE);
  store<u8>(value + 1, <u8>(out - value - 2));
  return end;
}

/** Writes the AnyValue whose member's name begins at `at`; where all of the attribute ends. */
// @ts-ignore: a decorator on a function
@inline
function putPlainValue(at: usize, to: usize): usize {
  const name = load<u64>(at);
  if (name == STRING) {
    if (load<u64>(at + 6) != STRING_END) return 0;
    const size = copyPlain(at + 14, to + 2);
    store<u8>(to, TAG_STRING);
    store<u8>(to + 1, <u8>size);
    setOut(to + 2 + size);
    at += 14 + size;
    return (load<u32>(at) & THREE_BYTES) == END_STRING ? at + 3 : 0;
  }
  setOut(to + 1);
  if (name == INT) {
    if (load<u16>(at + 8) != INT_END) return 0;
    store<u8>(to, TAG_INT);
    at = putInt64(at + 10);
  } else if (name == BOOL) {
    if ((load<u32>(at + 8) & THREE_BYTES) != 0x3a_2265) return 0;
    store<u8>(to, TAG_BOOL);
    at = putBool(at + 11);
  } else if (name == DOUBLE) {
    if ((load<u64>(at + 7) & SIX_BYTES) != DOUBLE_END) return 0;
    store<u8>(to, TAG_DOUBLE);
    at = putDouble(at + 13);
  } else return 0;
  return at != 0 && load<u16>(at) == END ? at + 2 : 0;
}

/** Copies up to the first character that is not plain, and up to 15 bytes more; how many were plain. */
// @ts-ignore: a decorator on a function
@inline
function copyPlain(from: usize, to: usize): usize {
  let size: usize = 0;
  while (true) {
    const bytes = v128.load(from + size);
    v128.store(to + size, bytes);
    const specials = specialsOf(bytes);
    if (specials != 0) return size + ctz(specials);
    size += 16;
  }
}
