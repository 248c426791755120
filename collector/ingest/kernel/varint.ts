/** Varints that stand in the request. */

/** Where the last one that was read ends; 0 where it is not whole. */
export let varintEnd: usize = 0;

/** The 64 bits of a varint that ends before or at `end`; see {@link varintEnd}. */
export function varint(at: usize, end: usize): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70 && at < end; shift += 7) {
    const byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varintEnd = at;
      return value;
    }
  }
  varintEnd = 0;
  return 0;
}

/**
 * The size before a string or a message, which must end before or at `end`, as it begins at {@link varintEnd}; that is
 * 0 where it does not.
 */
// @ts-ignore: a decorator on a function
@inline
export function sizeAt(at: usize, end: usize): u32 {
  const size = <u32>load<u8>(at);
  varintEnd = at + 1 + size <= end ? at + 1 : 0;
  return size < 0x80 ? size : longSizeAt(at, end);
}

function longSizeAt(at: usize, end: usize): u32 {
  const size = varint(at, end);
  if (size > <u64>(end - varintEnd)) varintEnd = 0;
  return <u32>size;
}
