/** Columns in the form that ClickHouse's Native format gives them; each is valid until the next call. */
import { scratchRoom } from "./request";

/** Numbers of 32 bits as such of `width` bytes, into which they fit. */
export function narrowed(numbers: usize, count: u32, width: u32): usize {
  if (width == 4) return numbers;
  const to = scratchRoom(count * width);
  if (width == 2) {
    for (let index: u32 = 0; index < count; index++) {
      store<u16>(to + (index << 1), load<u32>(numbers + (index << 2)));
    }
    return to;
  }
  let index: u32 = 0;
  for (; index + 16 <= count; index += 16) {
    const at = numbers + (index << 2);
    const low = i16x8.narrow_i32x4_u(v128.load(at), v128.load(at, 16));
    const high = i16x8.narrow_i32x4_u(v128.load(at, 32), v128.load(at, 48));
    v128.store(to + index, i8x16.narrow_i16x8_u(low, high));
  }
  for (; index < count; index++) store<u8>(to + index, load<u32>(numbers + (index << 2)));
  return to;
}

/** Where each row's list of so many entries ends among those of all rows, 64 bits a row. */
export function endsOf(counts: usize, rows: u32): usize {
  const to = scratchRoom(rows << 3);
  let end: u64 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    end += load<u32>(counts + (row << 2));
    store<u64>(to + (row << 3), end);
  }
  return to;
}
