/**
 * The fuzz tests of ingestion, with many more cases than the test suite takes the time for: a twentieth over HTTP.
 *
 *   npm run bench -- fuzz [--cases 100000]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { cases: { type: "string", default: "100000" } } });
const test = ["node_modules/vitest/vitest.mjs", "run", "collector/ingest/fuzz.test.ts", "test/otlp/fuzz.test.ts"];
const { status } = spawnSync(process.execPath, test, {
  stdio: "inherit",
  env: { ...process.env, HOPSCOPE_FUZZ_CASES: values.cases },
});
process.exitCode = status ?? 1;
