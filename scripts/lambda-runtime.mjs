import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { log, sinceStartMs } from "./log.mjs";
import { root } from "./paths.mjs";

const installer = join(root, "examples/local-cloud/install-lambda-runtime.mjs");

/**
 * Starts to install AWS's own Lambda runtime client, beside everything else: where it can be built, the first
 * build takes a minute or more. The examples do without it elsewhere.
 * @param {AbortSignal} signal ends the attempt
 * @returns {{ wait: (untilMs: number) => Promise<void> }} `wait` resolves when it is installed or cannot be, or
 *   `untilMs` after the start of this command; the build then goes on
 */
export function startLambdaInstall(signal) {
  const installed = install(signal).then(() => "installed");
  return {
    async wait(untilMs) {
      if (untilMs === Infinity) return void (await installed);
      let timer;
      const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve("late"), Math.max(untilMs - sinceStartMs(), 0));
      });
      const outcome = await Promise.race([installed, late]);
      clearTimeout(timer);
      if (outcome === "late") log("going on without it, under a small runtime client; the build continues meanwhile");
    },
  };
}

async function install(signal) {
  if (!existsSync(installer)) return;
  const { installLambdaRuntime } = await import(pathToFileURL(installer).href);
  await installLambdaRuntime({ log, signal });
}
