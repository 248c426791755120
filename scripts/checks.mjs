import { capture } from "./child.mjs";
import { log } from "./log.mjs";

/** Checks at once: each takes one core and up to 1 GB. */
const checksAtOnceMax = 2;

/** Every folder with code. */
const rooms = ["schema", "instrumentation", "collector", "ui", "examples", "test", "bench", "scripts"];

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string[]} args what Node runs; exit code 0 means that it passed
 * @property {boolean} [ofBuild] it looks at what was built
 */

/** @type {Check[]} */
export const checks = [
  { name: "lint", args: ["node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0"] },
  { name: "types", args: ["node_modules/typescript/bin/tsc", "-p", "."] },
  { name: "types of the UI", args: ["node_modules/typescript/bin/tsc", "-p", "ui"] },
  {
    name: "import directions",
    args: ["node_modules/dependency-cruiser/bin/dependency-cruiser.mjs", "--config", "--", ...rooms],
  },
  { name: "lock file", args: ["scripts/check-lock.mjs"] },
  { name: "links", args: ["scripts/check-links.mjs"] },
  { name: "unused code", args: ["node_modules/knip/bin/knip.js", "--no-progress"] },
  {
    name: "package exports",
    args: ["node_modules/publint/src/cli.js", "run", "instrumentation", "--strict"],
    ofBuild: true,
  },
  {
    name: "package types",
    // node10 knows no exports: it is older than every Node that the package runs on.
    args: [
      ...["node_modules/@arethetypeswrong/cli/dist/index.js", "--pack", "instrumentation"],
      ...["--profile", "node16", "--format", "ascii"],
    ],
    ofBuild: true,
  },
];

/**
 * Runs checks side by side and prints a line for each, with its output where it failed.
 * @param {Check[]} list
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runChecks(list) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...list];
  async function work() {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      counts[await runCheck(check)]++;
    }
  }
  await Promise.all(Array.from({ length: checksAtOnceMax }, work));
  return counts;
}

async function runCheck({ name, args }) {
  const startedMs = Date.now();
  const { code, output } = await capture(process.execPath, args);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  if (code === 0) {
    log(`ok      ${name} (${seconds} s)`);
    return "passed";
  }
  log(`FAILED  ${name} (${seconds} s)\n${output.trim()}\n`);
  return "failed";
}
