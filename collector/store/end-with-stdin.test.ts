import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

// What the server does on a system without PR_SET_PDEATHSIG: its main thread never comes back to the event loop.
const blocked = `
  import { Worker } from "node:worker_threads";
  import { writeSync } from "node:fs";
  new Worker(new URL(process.argv[2]));
  writeSync(1, "blocked");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
`;

it("a process whose main thread is blocked ends when its standard input closes", async () => {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-stdin-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "blocked.mjs"), blocked);
  const worker = new URL("./end-with-stdin.mjs", import.meta.url).href;
  const child = spawn(process.execPath, [join(dir, "blocked.mjs"), worker], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  expect(child.exitCode).toBeNull();
  const ended = once(child, "exit");
  child.stdin.end();
  expect(await ended).toEqual([null, "SIGKILL"]);
});
