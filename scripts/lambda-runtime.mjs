import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { log } from "./log.mjs";
import { root } from "./paths.mjs";

const installer = join(root, "examples/local-cloud/install-lambda-runtime.mjs");

/**
 * Installs AWS's own Lambda runtime client where it can be built; the examples do without it elsewhere.
 * @param {AbortSignal} signal ends the attempt
 */
export async function installLambdaRuntime(signal) {
  if (!existsSync(installer)) return;
  const { installLambdaRuntime: install } = await import(pathToFileURL(installer).href);
  await install({ log, signal });
}
