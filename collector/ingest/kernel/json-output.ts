/** The protobuf that the JSON at hand becomes. No write looks for room: no message is longer than it was in JSON. */

/** Where the next byte goes. */
export let out: usize = 0;

// @ts-ignore: a decorator on a function
@inline
export function setOut(to: usize): void {
  out = to;
}

/** Writes a varint at `to`; where it ends. */
export function varintAt(to: usize, value: u64): usize {
  for (; value >= 0x80; value >>>= 7) store<u8>(to++, <u8>value | 0x80);
  store<u8>(to, <u8>value);
  return to + 1;
}

/** Ends what begins at `start`, and before it has `reserved` bytes for its size; how many that size took. */
export function endSized(start: usize, reserved: u32): u32 {
  const size = <u32>(out - start);
  const sizeBytes: u32 = size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5;
  const head = start - reserved;
  if (sizeBytes != reserved) {
    memory.copy(head + sizeBytes, start, size);
    out = head + sizeBytes + size;
  }
  varintAt(head, size);
  return sizeBytes;
}
