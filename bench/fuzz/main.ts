/**
 * The fuzz test of ingestion, with many more cases than the test suite takes the time for.
 *
 *   npm run bench -- fuzz [--cases 100000]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { cases: { type: "string", default: "100000" } } });
const test = ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "collector/ingest/fuzz.test.ts"];
// The longest of its tests takes about a minute for 100,000 cases on one core; a busy machine gets ten times that.
const { status } = spawnSync(process.execPath, [...test, "--testTimeout", "600000"], {
  stdio: "inherit",
  env: { ...process.env, HOPSCOPE_FUZZ_CASES: values.cases },
});
process.exitCode = status ?? 1;
