/** A request in OTLP/JSON turned into protobuf without an object made of it. A place of 0 is as in json-scan.ts. */
import { putPlainAttribute } from "./json-attribute";
import {
  KIND_ATTRIBUTE,
  KIND_BASE64,
  KIND_BOOL,
  KIND_DOUBLE,
  KIND_ENUM,
  KIND_FIXED32,
  KIND_FIXED64,
  KIND_HEX,
  KIND_INT64,
  KIND_MESSAGE,
  KIND_NESTING,
  KIND_STRING,
  KIND_UINT32,
  Member,
  Message,
  requestMessage,
} from "./json-messages";
import { putBool, putDouble, putEnum, putFixed32, putFixed64, putInt64, putUint32 } from "./json-number";
import { endSized, out, setOut } from "./json-output";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  NULL,
  OPEN_BRACE,
  OPEN_BRACKET,
  plainEnd,
  QUOTE,
  skipSpace,
  skipValue,
} from "./json-scan";
import { putBase64, putHex, putString } from "./json-text";
import { Bytes, make, room } from "./memory";
import { sameBytes } from "./text";

/** Zeros behind the JSON, in which every read of it ends: as long as what is read at once. */
const ZEROS: u32 = 64;
/** More than the sizes of messages that are not ended yet may take too much. */
const OPEN_SIZES: u32 = 1_024;
/** Values in each other: `valueDepthMax` in limits.ts. */
const DEPTH_MAX: u32 = 50;

const json = make<Bytes>();
/** JavaScript reads where it lies. */
export const protobuf = make<Bytes>();

/** Where a request of `size` bytes is to be put. */
export function jsonRoom(size: u32): usize {
  json.length = 0;
  protobuf.length = 0;
  room(protobuf, size + OPEN_SIZES);
  const at = room(json, size + ZEROS);
  memory.fill(at + size, 0, ZEROS);
  json.length = size;
  return at;
}

/** Makes {@link protobuf}; false where anything is not as nearly all senders write it, or is wrong. */
export function walkJson(): bool {
  setOut(protobuf.data);
  const end = putMembers(skipSpace(json.data), requestMessage, 0);
  if (end == 0 || skipSpace(end) != json.data + json.length) return false;
  protobuf.length = <u32>(out - protobuf.data);
  return true;
}

/** Writes the members of the object at `at`; where it ends. */
function putMembers(at: usize, message: Message, depth: u32): usize {
  if (load<u8>(at) != OPEN_BRACE) return 0;
  at = skipSpace(at + 1);
  if (load<u8>(at) == CLOSE_BRACE) return at + 1;
  let member = message.first;
  let before = changetype<Member>(0);
  let seen: u32 = 0;
  while (true) {
    if (load<u8>(at) != QUOTE) return 0;
    at++;
    if (!sameBytes(at, member.name, member.size)) {
      member = find(message, at);
      if (changetype<usize>(before) == 0) {
        if (changetype<usize>(member) != 0) message.first = member;
      } else if (changetype<usize>(member) != 0) before.next = member;
    }
    if (changetype<usize>(member) == 0) {
      at = skipUnknown(at);
      member = changetype<usize>(before) == 0 ? message.first : before.next;
    } else {
      at = putMember(at + member.size, member, depth);
      // Of two the last counts, where the first was: rare, and not worth to be known here.
      if ((seen & member.bit) != 0) return 0;
      seen |= member.bit;
      before = member;
      member = member.next;
    }
    if (at == 0) return 0;
    at = skipSpace(at);
    const byte = load<u8>(at);
    if (byte == CLOSE_BRACE) return at + 1;
    if (byte != COMMA) return 0;
    at = skipSpace(at + 1);
  }
}

/** The member whose name begins at `at`. */
function find(message: Message, at: usize): Member {
  let member = message.members;
  while (changetype<usize>(member) != 0 && !sameBytes(at, member.name, member.size)) member = member.before;
  return member;
}

/** Where the member ends whose name begins at `at`. */
function skipUnknown(at: usize): usize {
  at = plainEnd(at);
  // A name with a backslash in it may be one that is known.
  if (load<u8>(at) != QUOTE) return 0;
  at = skipSpace(at + 1);
  return load<u8>(at) == COLON ? skipValue(skipSpace(at + 1), 0) : 0;
}

/** Writes what stands behind the member's name. */
// @ts-ignore: a decorator on a function
@inline
function putMember(at: usize, member: Member, depth: u32): usize {
  at = skipSpace(at);
  if (load<u8>(at) != COLON) return 0;
  at = skipSpace(at + 1);
  if (load<u32>(at) == NULL) return at + 4;
  return member.isList ? putItems(at, member, depth) : putValue(at, member, depth);
}

function putItems(at: usize, member: Member, depth: u32): usize {
  if (load<u8>(at) != OPEN_BRACKET) return 0;
  at = skipSpace(at + 1);
  if (load<u8>(at) == CLOSE_BRACKET) return at + 1;
  while (true) {
    at = putValue(at, member, depth);
    if (at == 0) return 0;
    at = skipSpace(at);
    const byte = load<u8>(at);
    if (byte == CLOSE_BRACKET) return at + 1;
    if (byte != COMMA) return 0;
    at = skipSpace(at + 1);
  }
}

/** Writes one value with its tag. */
function putValue(at: usize, member: Member, depth: u32): usize {
  store<u16>(out, <u16>member.tag);
  setOut(out + member.tagSize);
  switch (member.kind) {
    case KIND_STRING:
      return putString(at);
    case KIND_MESSAGE:
      return putMessage(at, member, depth);
    case KIND_ATTRIBUTE: {
      const end = putPlainAttribute(at);
      return end != 0 ? end : putMessage(at, member, depth);
    }
    case KIND_INT64:
      return putInt64(at);
    case KIND_FIXED64:
      return putFixed64(at);
    case KIND_HEX:
      return putHex(at);
    case KIND_BOOL:
      return putBool(at);
    case KIND_DOUBLE:
      return putDouble(at);
    case KIND_ENUM:
      return putEnum(at);
    case KIND_UINT32:
      return putUint32(at);
    case KIND_FIXED32:
      return putFixed32(at);
    case KIND_BASE64:
      return putBase64(at);
    case KIND_NESTING:
      return depth < DEPTH_MAX ? putMessage(at, member, depth + 1) : 0;
    default:
      return 0;
  }
}

function putMessage(at: usize, member: Member, depth: u32): usize {
  const start = out + member.sizeBytes;
  const reserved = member.sizeBytes;
  setOut(start);
  const end = putMembers(at, member.message, depth);
  // What a message inside of this one found out is no matter for the bytes that were reserved.
  if (end != 0) member.sizeBytes = endSized(start, reserved);
  return end;
}
