/** The request at hand, as it came. */
import { Bytes, make, room } from "./memory";

export const request = make<Bytes>();
/** What JavaScript has to say: names, and texts that it repaired. */
const scratch = make<Bytes>();

/** Where a request of `size` bytes is to be put. */
export function requestRoom(size: u32): usize {
  return roomAnew(request, size);
}

/** Where a text of `size` bytes is to be put, until the next one. */
export function scratchRoom(size: u32): usize {
  return roomAnew(scratch, size);
}

function roomAnew(bytes: Bytes, size: u32): usize {
  bytes.length = 0;
  return room(bytes, size);
}
