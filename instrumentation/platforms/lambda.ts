/** AWS Lambda, as far as its init phase goes; what an invocation takes is read with the first one. */
import { nowMs } from "../core/clock.ts";
import { tracing } from "../core/tracing.ts";
import { ending, prepareEnding } from "./ending.ts";

/** When the last handler was wrapped, milliseconds since the epoch. */
export const preparation = { endMs: 0 };

/** Called when a handler is wrapped, which is during the init phase. */
export function prepareLambda(): void {
  preparation.endMs = nowMs();
  // Asked for, so that open spans are known from here on.
  if (ending.running.size === 0) tracing().open.clear();
  prepareEnding();
}
