/** What is left when a process ends: `process.exit`, uncaught errors, unhandled rejections. */
import { guarded } from "../core/report.ts";
import { tracing } from "../core/tracing.ts";
import { type Ending, endRunning } from "./end-running.ts";

/** See {@link Ending}. */
export const ending: Ending = { prepared: false, fatal: undefined, running: new Set() };

/** Sends what waits when the process ends by itself. Changes nothing about how it ends. */
export function prepareEnding(): void {
  if (ending.prepared) return;
  ending.prepared = true;
  process.on("uncaughtExceptionMonitor", (error) => {
    ending.fatal = { error };
  });
  process.on("exit", (code) => {
    const { open, waiting } = tracing();
    if (ending.running.size + open.size + waiting.length === 0) return;
    guarded("sending the last spans", () => endRunning(ending, code));
  });
}
