/** How many spans protobuf has, for what the kernel leaves to this side. */
import { ProtobufReader } from "./protobuf.ts";

/** Spans in a request (or, from `fromDepth` on, in a part of it); a cheap walk over the outer messages. */
export function countSpans(body: Uint8Array, fromDepth = 0): number {
  const reader = new ProtobufReader(body);
  let spans = 0;
  const walk = (end: number, depth: number): void => {
    reader.end = end;
    while (reader.position < end) {
      const tag = reader.varint32();
      if (tag !== (depth === 0 ? 0x0a : 0x12)) {
        reader.skip(tag);
        continue;
      }
      const fieldEnd = reader.lengthEnd();
      if (depth === 2) spans += 1;
      else walk(fieldEnd, depth + 1);
      reader.position = fieldEnd;
      reader.end = end;
    }
  };
  walk(body.length, fromDepth);
  return spans;
}
