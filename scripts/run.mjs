/**
 * Every npm script of the root. Plain JavaScript without packages, because it starts on a bare machine:
 * it installs and builds what is missing, then hands over to the real program under the pinned Node.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installBrowser } from "./browser.mjs";
import { buildStale } from "./build.mjs";
import { onSignals, run, signalNumbers } from "./child.mjs";
import { collectorNodeOptions } from "./collector-node.mjs";
import { installPackages } from "./install.mjs";
import { startLambdaInstall } from "./lambda-runtime.mjs";
import { Stop } from "./log.mjs";
import { root } from "./paths.mjs";
import { pickNode } from "./pick-node.mjs";

const cli = "collector/cli/main.ts";

/**
 * `lambdaWaitMs`: how long after the start of the command a first build of the Lambda runtime is waited for.
 * `forTests`: a browser and both generations of that runtime are installed.
 * @type {Record<string, { lambdaWaitMs?: number, forTests?: boolean, program?: (args: string[]) => string[] }>}
 */
const commands = {
  start: { program: (args) => [...collectorNodeOptions, cli, "start", ...args] },
  // A newcomer sees the first flow within two minutes, under the small runtime client if need be.
  demo: { lambdaWaitMs: 75_000, program: (args) => [...collectorNodeOptions, cli, "demo", ...args] },
  test: { lambdaWaitMs: Infinity, forTests: true, program: (args) => ["scripts/test.mjs", ...args] },
  check: { lambdaWaitMs: Infinity, forTests: true, program: (args) => ["scripts/test.mjs", ...args] },
  bench: { program: benchProgram },
  build: {},
};

/** `bench ingest --seconds 10` runs bench/ingest/main.ts with the rest of the arguments. */
function benchProgram(args) {
  const [name = "", ...rest] = args;
  const file = join("bench", name, "main.ts");
  if (existsSync(join(root, file))) return [file, ...rest];
  const known = readdirSync(join(root, "bench")).filter((folder) => existsSync(join(root, "bench", folder, "main.ts")));
  throw new Stop(`name one of the benchmarks: npm run bench -- ${known.join("|")}`);
}

async function main(signal) {
  const [name = "", ...args] = process.argv.slice(2);
  const command = commands[name];
  if (command === undefined) throw new Stop(`usage: node scripts/run.mjs ${Object.keys(commands).join("|")}`);

  const quick = args.includes("--static");
  const { lambdaWaitMs, forTests } = command;
  const lambda = lambdaWaitMs === undefined || quick ? undefined : startLambdaInstall(signal, { forTests });
  await installPackages();
  const node = pickNode();
  if (!quick) await buildStale(node, { force: name === "build" });
  if (forTests && !quick) await installBrowser();
  await lambda?.wait(lambdaWaitMs);
  stopExiting();
  if (command.program === undefined) return 0;
  // Type stripping and node:sqlite announce themselves as experimental in some of the versions that we run on.
  return run(node, ["--disable-warning=ExperimentalWarning", ...command.program(args)]);
}

// What still runs beside the command ends with it.
const ending = new AbortController();
process.on("exit", () => ending.abort());
// Until the program runs, which is handed the signals.
const stopExiting = onSignals((signal) => process.exit(128 + signalNumbers[signal]));
try {
  process.exit(await main(ending.signal));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`hopscope: ${error.message}\n`);
  process.exit(1);
}
