/** Protobuf by hand, for messages that an encoder would refuse to write. */

/** A field that holds bytes: its tag, their length, and they. */
export function protobufField(number: number, bytes: Uint8Array): Buffer {
  const head: number[] = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
}
