/**
 * A worker that ends its process when standard input closes, which it does when the parent ends, however it ends. For
 * where the kernel has no signal for that: the main thread is inside the server and sees nothing of it.
 * Plain JavaScript, as server-child.mjs is.
 */
import { readSync } from "node:fs";

const STDIN = 0;
/** Between two looks at an input that does not block, ms. */
const lookMs = 500;

const byte = Buffer.alloc(1);
const never = new Int32Array(new SharedArrayBuffer(4));
for (let open = true; open; ) {
  try {
    open = readSync(STDIN, byte) > 0;
  } catch (error) {
    open = error.code === "EAGAIN";
    if (open) Atomics.wait(never, 0, 0, lookMs);
  }
}
process.kill(process.pid, "SIGKILL");
