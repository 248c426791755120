// Plain JavaScript: it also runs on the oldest Node that may start the project, before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** AWS Lambda's runtime interface clients kept here: each is built from C++ at install, so each may be absent. */
const RUNTIME_DIR = join(dirname(fileURLToPath(import.meta.url)), "lambda-runtime");
const BUILT_FILE = join(RUNTIME_DIR, "node_modules", "aws-lambda-ric", "rapid-client.node");
const STATE_FILE = join(RUNTIME_DIR, "node_modules", ".hopscope-install.json");
/** A build takes about a minute on two cores; one that takes this long hangs. */
const INSTALL_LIMIT_MS = 10 * 60_000;

/**
 * Installs aws-lambda-ric, which needs cmake and g++, in a directory of its own: as an optional dependency of the
 * workspace npm would skip it silently on Node 20, for its `engines`. Remembers what came of it, success or
 * failure, so that a second call is instant; a changed lock file tries again.
 *
 * @param {{ log?: (line: string) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<boolean>} whether aws-lambda-ric can be used; never rejects
 */
export async function installLambdaRuntime({ log = console.log, signal } = {}) {
  const key = installKey();
  const known = readState();
  if (known?.key === key && (!known.built || existsSync(BUILT_FILE))) return known.built;
  log("Building aws-lambda-ric, Lambda's own runtime client (once, about a minute) ...");
  const built = (await runNpmCi(signal)) && existsSync(BUILT_FILE);
  if (signal?.aborted) return false;
  if (!built) log("aws-lambda-ric could not be built (cmake, g++ needed): using the built-in Runtime API client");
  mkdirSync(dirname(STATE_FILE), { recursive: true });
  writeFileSync(STATE_FILE, JSON.stringify({ key, built }));
  return built;
}

function installKey() {
  const lock = readFileSync(join(RUNTIME_DIR, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  return `${hash} ${process.platform} ${process.arch}`;
}

function readState() {
  try {
    return JSON.parse(readFileSync(STATE_FILE, "utf8"));
  } catch {
    return undefined;
  }
}

/** Resolves to whether `npm ci` succeeded; what it prints is kept out of the way. */
function runNpmCi(signal) {
  return new Promise((resolve) => {
    const npm = spawn("npm", ["ci", "--no-progress", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: RUNTIME_DIR,
      stdio: "ignore",
      shell: process.platform === "win32",
      timeout: INSTALL_LIMIT_MS,
      signal,
    });
    npm.once("error", () => resolve(false));
    npm.once("exit", (code) => resolve(code === 0));
  });
}
