/** Long work in parts, between which others are served. */
import { setImmediate } from "node:timers/promises";

/** What other requests wait at most while flows are put together, milliseconds. */
const TURN_MAX_MS = 10;

/** Lets others have a turn where the last one was long ago; throws where nobody waits for the answer any more. */
export function turns(signal: AbortSignal | undefined): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < TURN_MAX_MS) return;
    await setImmediate();
    signal?.throwIfAborted();
    sinceMs = performance.now();
  };
}
