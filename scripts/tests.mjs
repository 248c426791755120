import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./child.mjs";
import { root } from "./paths.mjs";

const reportFile = join(root, ".cache/vitest-report.json");

/**
 * Runs every vitest project, failures printed as they are met.
 * @param {string[]} filters parts of paths; none: all tests
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>} a file that cannot be loaded, an
 *   error outside a test and a run that ends without a report each count as one failure
 */
export async function runTests(filters) {
  mkdirSync(dirname(reportFile), { recursive: true });
  rmSync(reportFile, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const code = await run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...filters]);
  return countTests(code, existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, "utf8")) : undefined);
}

/**
 * @param {number} code vitest's exit code
 * @param {VitestReport | undefined} report its JSON report
 * @returns {{ passed: number, failed: number, skipped: number }}
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { status: string, assertionResults: { status: string }[] }[] }} VitestReport
 */
export function countTests(code, report) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const filesFailed = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((assertion) => assertion.status !== "failed"),
  ).length;
  const failed = report.numFailedTests + filesFailed;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
