/**
 * The checks and the tests, under the Node that scripts/run.mjs picked.
 *
 *   npm test                everything
 *   npm test -- --static    what needs no build and no run: types, lint, import directions, unused code
 *   npm test -- PATH ...    the tests whose path contains one of these
 *
 * Its last line counts everything: each check is one, as is each test.
 */
import { checks, runChecks } from "./checks.mjs";
import { runTests } from "./tests.mjs";

const filters = process.argv.slice(2).filter((arg) => arg !== "--static");
const checksOnly = process.argv.includes("--static");

const total = { passed: 0, failed: 0, skipped: 0 };
function add(counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}

if (filters.length === 0) add(await runChecks(checks.filter(({ ofBuild }) => !(ofBuild && checksOnly))));
if (!checksOnly) add(await runTests(filters));

process.exitCode = total.failed === 0 ? 0 : 1;
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
