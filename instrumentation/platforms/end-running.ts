/** Ending what runs: read by the first invocation, and by a process that ends with something left. */
import { monotonicMs } from "../core/clock.ts";
import { guarded } from "../core/report.ts";
import { sendSync } from "../core/send-sync.ts";
import { tracing } from "../core/tracing.ts";
import { endWithError, endWithResult, type Invocation } from "../invocation.ts";

/** What a process that dies has to end, and why it does. */
export interface Ending {
  prepared: boolean;
  fatal: { readonly error: unknown } | undefined;
  /** Invocations whose handler has not ended. */
  readonly running: Set<Invocation>;
}

/** Ends every span and sends what waits, as the process ends with `code`. */
export function endRunning({ running, fatal }: Ending, code: number): void {
  for (const invocation of running) {
    endWithError(invocation, fatal ? fatal.error : new ProcessExit(`the process exited with code ${code}`));
  }
  for (const span of tracing().open) span.end();
  sendLast();
}

/**
 * On the runtimes up to Node 22 an invocation also ends when nothing is left to do, without its callback having been
 * called. The runtime answers then, and freezes; what waits is sent before it hears of that.
 */
export function watchIdleness(ending: Ending): void {
  process.prependListener("beforeExit", () => {
    guarded("ending an idle invocation", () => {
      for (const invocation of ending.running) endWithResult(invocation, undefined);
      ending.running.clear();
      sendLast();
    });
  });
}

/**
 * Notes why a rejection ended the process. Only where somebody listens already: our listener alone would keep
 * Node from ending the process.
 */
export function watchRejections(ending: Ending): void {
  if (process.listenerCount("unhandledRejection") === 0) return;
  process.prependListener("unhandledRejection", (error) => {
    ending.fatal ??= { error };
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
