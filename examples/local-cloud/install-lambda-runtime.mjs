// Plain JavaScript: it also runs on the oldest Node that may start the project, before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** AWS Lambda's runtime interface client has a package of its own here: it is built from C++ and may be absent. */
const RUNTIME_DIR = join(dirname(fileURLToPath(import.meta.url)), "lambda-runtime");
/** The generation that the example's functions run under, as on Node 24. */
const CURRENT = {
  directory: RUNTIME_DIR,
  addon: "rapid-client.node",
  needs: "cmake, g++",
  otherwise: "using the built-in Runtime API client",
};
/** A build takes about a minute on two cores; one that takes this long hangs. */
const INSTALL_LIMIT_MS = 10 * 60_000;

/**
 * Installs aws-lambda-ric, which needs cmake and g++, in a directory of its own: as an optional dependency of the
 * workspace npm would skip it silently on Node 20, for its `engines`. Remembers what came of it, success or
 * failure, so that a second call is instant; a changed lock file tries again.
 *
 * @typedef {object} Generation
 * @property {string} directory of a package that depends on it
 * @property {string} addon what the build makes, inside aws-lambda-ric
 * @property {string} needs tools that a build needs, for the message that it failed
 * @property {string} otherwise what is done without it
 *
 * @param {Partial<Generation> & { log?: (line: string) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<boolean>} whether aws-lambda-ric can be used; never rejects because it cannot
 */
export async function installLambdaRuntime({ log = console.log, signal, ...generation } = {}) {
  const { directory, addon, needs, otherwise } = { ...CURRENT, ...generation };
  const builtFile = join(directory, "node_modules", "aws-lambda-ric", addon);
  const stateFile = join(directory, "node_modules", ".hopscope-install.json");
  const key = installKey(directory);
  const known = readState(stateFile);
  if (known?.key === key && (!known.built || existsSync(builtFile))) return known.built;
  log("Building aws-lambda-ric, Lambda's own runtime client (once, about a minute) ...");
  const built = (await runNpmCi(directory, signal)) && existsSync(builtFile);
  if (signal?.aborted) return false;
  if (!built) log(`aws-lambda-ric could not be built (${needs} needed): ${otherwise}`);
  mkdirSync(dirname(stateFile), { recursive: true });
  writeFileSync(stateFile, JSON.stringify({ key, built }));
  return built;
}

function installKey(directory) {
  const lock = readFileSync(join(directory, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  return `${hash} ${process.platform} ${process.arch}`;
}

function readState(stateFile) {
  try {
    return JSON.parse(readFileSync(stateFile, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Resolves to whether `npm ci` succeeded; what it prints is kept out of the way. It has a process group of its own,
 * so that compilers end with it when `signal` says so.
 */
function runNpmCi(directory, signal) {
  return new Promise((resolve) => {
    const npm = spawn("npm", ["ci", "--no-progress", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: directory,
      stdio: "ignore",
      shell: process.platform === "win32",
      timeout: INSTALL_LIMIT_MS,
      detached: process.platform !== "win32",
    });
    signal?.addEventListener("abort", () => endGroup(npm), { once: true });
    npm.once("error", () => resolve(false));
    npm.once("exit", (code) => resolve(code === 0));
  });
}

/** SIGKILL, as npm finishes its work before it heeds another signal; the next call starts anew. */
function endGroup(child) {
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // It ended already.
  }
}
