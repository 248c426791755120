/** The request at hand, as it came. */
import { hash64 } from "./hash64";
import { Bytes, make, room } from "./memory";
import { sizeAt, varintEnd } from "./varint";

export const request = make<Bytes>();
/** What JavaScript has to say: names, and texts that it repaired. */
const scratch = make<Bytes>();

/** Where a request of `size` bytes is to be put. */
export function requestRoom(size: u32): usize {
  const at = roomAnew(request, size);
  request.length = size;
  return at;
}

/** Where a text of `size` bytes is to be put, until the next one. */
export function scratchRoom(size: u32): usize {
  return roomAnew(scratch, size);
}

function roomAnew(bytes: Bytes, size: u32): usize {
  bytes.length = 0;
  return room(bytes, size);
}

/** Tells the request's bytes from any others. */
export function hashOfRequest(): u64 {
  return hash64(request.data, request.length);
}

/** Tells `size` bytes of the request, from `at` on, from most others. */
export function hashOfPart(at: u32, size: u32): u32 {
  return <u32>hash64(request.data + at, size);
}

const TAG_RESOURCE_SPANS: u8 = 0x0a;
/** ScopeSpans in ResourceSpans, and Span in ScopeSpans. */
const TAG_INNER: u8 = 0x12;
/** The other fields of both. */
const TAG_CONTEXT: u8 = 0x0a;
const TAG_SCHEMA_URL: u8 = 0x1a;

/** Spans in the request; -1 where it has other fields than are known, or is damaged. */
export function countSpans(): i32 {
  const end = request.data + request.length;
  let spans = 0;
  let at = request.data;
  while (at < end) {
    const size = sizeAt(at + 1, end);
    if (varintEnd == 0 || load<u8>(at) != TAG_RESOURCE_SPANS) return -1;
    at = varintEnd + size;
    const inside = countInner(varintEnd, at, true);
    if (inside < 0) return -1;
    spans += inside;
  }
  return spans;
}

/** Inner messages between two places, or, where there is another level, those in them. */
function countInner(from: usize, end: usize, isOuter: bool): i32 {
  let spans = 0;
  let at = from;
  while (at < end) {
    const tag = load<u8>(at);
    const size = sizeAt(at + 1, end);
    if (varintEnd == 0) return -1;
    at = varintEnd + size;
    if (tag == TAG_INNER) {
      const inside = isOuter ? countInner(varintEnd, at, false) : 1;
      if (inside < 0) return -1;
      spans += inside;
    } else if (tag != TAG_CONTEXT && tag != TAG_SCHEMA_URL) return -1;
  }
  return spans;
}

/** Where, from `at` on, the first field begins that is no inner message, or is not whole; both count from the request. */
export function skipInner(at: u32, end: u32): u32 {
  const last = request.data + end;
  let field = request.data + at;
  while (field < last && load<u8>(field) == TAG_INNER) {
    const size = sizeAt(field + 1, last);
    if (varintEnd == 0) break;
    field = varintEnd + size;
  }
  return <u32>(field - request.data);
}
