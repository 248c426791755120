/**
 * WebAssembly's memory grows and never shrinks: a kernel that a large request made large is dropped for a new one. V8
 * takes its memory back with the next full collection, which a collector with little traffic makes in hours.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** From the first kernel that was dropped to the collection, which takes others along, and some 30 ms; ms. */
const collectAfterMs = 5_000;

let timer: NodeJS.Timeout | undefined;
let collect: (() => void) | undefined;

/** Sees to it that the memory of a kernel that nobody holds any more goes back to the machine. */
export function kernelDropped(): void {
  timer ??= setTimeout(() => {
    timer = undefined;
    collect ??= collector();
    collect();
  }, collectAfterMs).unref();
}

/** V8's own, which Node shows to no program that was not started for it. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
