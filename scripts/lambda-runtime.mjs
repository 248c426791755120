import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findOnPath, installDebianPackages } from "./debian.mjs";
import { log, sinceStartMs } from "./log.mjs";
import { root } from "./paths.mjs";

const installer = join(root, "examples/local-cloud/install-lambda-runtime.mjs");
/** The generation of Node 22 and earlier, with callbacks: only tests run under it. */
const legacy = {
  directory: join(root, "instrumentation/testing/legacy-runtime"),
  addon: "dist/rapid-client.node",
  needs: "cmake, g++, autoconf, automake, libtool",
  otherwise: "the tests under Node 22's runtime client are skipped",
};
/** What the builds of both generations need, by the package of Debian that has it. */
const buildTools = {
  cmake: "cmake",
  make: "make",
  "g++": "g++",
  autoconf: "autoconf",
  automake: "automake",
  libtool: "libtoolize",
};

/**
 * Starts to install AWS's own Lambda runtime client, for tests in both its generations, beside everything else: where
 * it can be built, the first build takes a minute or more. The examples do without it elsewhere.
 * @param {AbortSignal} signal ends the attempt
 * @param {{ forTests?: boolean }} [options] `forTests`: both generations, and the tools to build them with
 * @returns {{ wait: (untilMs: number) => Promise<void> }} `wait` resolves when it is installed or cannot be, or
 *   `untilMs` after the start of this command; the build then goes on
 */
export function startLambdaInstall(signal, { forTests = false } = {}) {
  const installed = install(signal, forTests).then(() => "installed");
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

async function install(signal, forTests) {
  if (!existsSync(installer)) return;
  const { installLambdaRuntime } = await import(pathToFileURL(installer).href);
  if (forTests) await installBuildTools();
  await installLambdaRuntime({ log, signal });
  // One after the other: both builds fetch Node's headers to the same folder.
  if (forTests && !signal.aborted) await installLambdaRuntime({ log, signal, ...legacy });
}

/** A build without them fails, says so, and is done without. */
async function installBuildTools() {
  const missing = Object.keys(buildTools).filter((name) => findOnPath(buildTools[name]) === undefined);
  if (missing.length === 0) return;
  const failure = await installDebianPackages(`installing ${missing.join(", ")} from the system's packages`, missing);
  if (failure !== undefined) log(failure);
}
