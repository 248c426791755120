/**
 * The last export of a process that is ending: `process.exit` and fatal errors leave no turn of the event loop,
 * so a worker thread sends while this thread waits for it.
 */
import type { Worker } from "node:worker_threads";

/** What runs in the worker: one request after the other, then a signal. */
const WORKER = `
const { workerData: { url, headers, bodies, flag } } = require("node:worker_threads");
const done = () => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); };
(function next() {
  const body = bodies.shift();
  if (!body) return done();
  require(url.startsWith("https:") ? "node:https" : "node:http")
    .request(url, { method: "POST", headers }, (response) => response.resume().on("close", next))
    .on("error", done)
    .end(body);
})();`;

/** Posts `bodies` to `url` and blocks until that is done, at most `budgetMs`. Does nothing on Node before 20.16. */
export function sendSync(
  url: URL,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Uint8Array[],
  budgetMs: number,
): void {
  const threads = process.getBuiltinModule?.("node:worker_threads") as { Worker: typeof Worker } | undefined;
  if (!threads || bodies.length === 0 || budgetMs <= 0) return;
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { url: url.href, headers, bodies, flag };
  const worker = new threads.Worker(WORKER, { eval: true, execArgv: [], workerData, stdout: true, stderr: true });
  worker.unref();
  Atomics.wait(flag, 0, 0, budgetMs);
}
