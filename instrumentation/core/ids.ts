let salt = 0;

/**
 * Mixes something unique to this environment into all further ids. An environment restored from a snapshot
 * (SnapStart) shares the state of `Math.random` with its siblings; the request id of its first invocation is
 * what they do not share.
 */
export function saltIds(unique: string): void {
  for (let i = 0; i < unique.length; i++) salt = (Math.imul(salt, 31) + unique.charCodeAt(i)) | 0;
}

function hex8(): string {
  const word = ((Math.random() * 0x1_0000_0000) ^ salt) >>> 0;
  return (word || 1).toString(16).padStart(8, "0");
}

/** A random W3C trace id: 32 lower-case hex digits, never all zero. */
export function newTraceId(): string {
  return hex8() + hex8() + hex8() + hex8();
}

/** A random W3C span id: 16 lower-case hex digits, never all zero. */
export function newSpanId(): string {
  return hex8() + hex8();
}
