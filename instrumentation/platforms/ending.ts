/** What is left when a process ends: `process.exit`, uncaught errors, unhandled rejections. */
import { monotonicMs } from "../core/clock.ts";
import { guarded } from "../core/report.ts";
import { sendSync } from "../core/send-sync.ts";
import { tracing } from "../core/tracing.ts";
import { endWithError, endWithResult, type Invocation } from "../invocation.ts";

/** Invocations whose handler has not ended, so that a dying process can end their spans. */
export const running = new Set<Invocation>();

let fatal: { readonly error: unknown } | undefined;
let prepared = false;

/** Sends what waits when the process ends by itself. Changes nothing about how it ends. */
export function prepareEnding(): void {
  if (prepared) return;
  prepared = true;
  process.on("uncaughtExceptionMonitor", (error) => {
    fatal = { error };
  });
  process.on("exit", (code) => {
    guarded("sending the last spans", () => {
      for (const invocation of running) {
        endWithError(invocation, fatal ? fatal.error : new ProcessExit(`the process exited with code ${code}`));
      }
      for (const span of tracing().open) span.end();
      sendLast();
    });
  });
}

/**
 * On the runtimes up to Node 22 an invocation also ends when nothing is left to do, without its callback having been
 * called. The runtime answers then, and freezes; what waits is sent before it hears of that.
 */
export function watchIdleness(): void {
  process.prependListener("beforeExit", () => {
    guarded("ending an idle invocation", () => {
      for (const invocation of running) endWithResult(invocation, undefined);
      running.clear();
      sendLast();
    });
  });
}

/**
 * Notes why a rejection ended the process. Only where somebody listens already: our listener alone would keep
 * Node from ending the process.
 */
export function watchRejections(): void {
  if (process.listenerCount("unhandledRejection") === 0) return;
  process.prependListener("unhandledRejection", (error) => {
    fatal ??= { error };
  });
}

function sendLast(): void {
  const { waiting } = tracing();
  if (waiting.length === 0) return;
  const deadlineMs = monotonicMs() + tracing().config.flushBudgetMs;
  for (const { exporter, url } of waiting) {
    if (exporter.failing) continue;
    sendSync(url, tracing().config.headers, exporter.takeBodies(), deadlineMs - monotonicMs());
  }
}

/** Stands on the span of an invocation that called `process.exit`. */
class ProcessExit extends Error {
  override readonly name = "ProcessExit";
}
