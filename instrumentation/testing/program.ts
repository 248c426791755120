/** Programs in `programs`, each run to its end in a process of its own. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestCollector } from "./collector.ts";

const PROGRAMS = join(import.meta.dirname, "programs");

/** Runs `name` with `collector` as its collector; resolves to what it printed, rejects where it failed. */
export function runProgram(
  collector: TestCollector,
  name: string,
  env: NodeJS.ProcessEnv = {},
  node = process.execPath,
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(node, [join(PROGRAMS, name)], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: "10", ...env },
  });
}
