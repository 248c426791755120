import { fstatSync } from "node:fs";

/** How soon a parent's death is noticed where neither channel nor input tells of it. */
const PARENT_CHECK_MS = 250;

/**
 * Calls `end` once, when whoever started this process wants it to end or is gone: Ctrl-C, SIGTERM, SIGHUP, a closed
 * IPC channel, the end of a piped standard input, or another parent than at the start.
 */
export function endWithParent(end: () => void): void {
  let ended = false;
  const once = (): void => {
    if (!ended) end();
    ended = true;
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, once);
  process.once("disconnect", once);
  if (isPipe(0)) process.stdin.on("end", once).on("error", once).resume();
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) once();
  }, PARENT_CHECK_MS).unref();
}

function isPipe(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    return stats.isFIFO() || stats.isSocket();
  } catch {
    return false;
  }
}
