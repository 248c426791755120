import { readFileSync } from "node:fs";
import type { InvocationOutcome } from "./runtime-api.ts";

/** What a REPORT line tells of one invocation. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memorySizeMb: number;
  /** The function's process. */
  readonly pid: number | undefined;
  /** Only of a cold start. */
  readonly initMs: number | undefined;
  readonly outcome: InvocationOutcome;
}

/**
 * The line that Lambda writes to CloudWatch Logs after each invocation: fields separated by tabs, `Init Duration`
 * and `Status` only where they apply, init time billed.
 */
export function reportLine(report: Report): string {
  const { requestId, durationMs, memorySizeMb, initMs, outcome } = report;
  const fields = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
    `Memory Size: ${memorySizeMb} MB`,
    `Max Memory Used: ${memoryUsedMb(report.pid)} MB`,
  ];
  if (initMs !== undefined) fields.push(`Init Duration: ${initMs.toFixed(2)} ms`);
  if (outcome.kind === "error" && outcome.errorType === "Sandbox.Timedout") fields.push("Status: timeout");
  if (outcome.kind === "error" && outcome.errorType.startsWith("Runtime.")) {
    fields.push("Status: error", `Error Type: ${outcome.errorType}`);
  }
  return `${fields.join("\t")}\t`;
}

/** Peak resident memory as Linux tells it; 0 elsewhere and of a process that has ended. */
function memoryUsedMb(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.ceil(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
