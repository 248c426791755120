/**
 * What the wrapper costs a function, beside others, in one run.
 *
 *   npm run bench -- wrapper [--runs 15] [--invocations 5000]
 *
 * Cold start: a whole process that loads a wrapped handler and ends, started in turns so that a busy machine
 * slows all alike; the median counts. Invocation: one SQS message through a handler that does nothing, warm, nothing
 * sent; the fastest of ten parts counts.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "15" }, invocations: { type: "string", default: "5000" } },
});
const runs = Number(values.runs);
const here = import.meta.dirname;
const dist = join(here, "../../instrumentation/dist");

interface Subject {
  readonly file: string;
  readonly name: string;
  /** Only its loading can be measured. */
  readonly loadOnly?: boolean;
}
const SUBJECTS: readonly Subject[] = [
  { file: "plain", name: "handler alone" },
  { file: "hopscope", name: "hopscope" },
  { file: "opentelemetry-api", name: "@opentelemetry/api alone", loadOnly: true },
  { file: "opentelemetry", name: "sdk-node + instrumentation-aws-lambda" },
  { file: "powertools", name: "@aws-lambda-powertools/tracer" },
  { file: "datadog", name: "datadog-lambda-js + dd-trace" },
];

const env = {
  PATH: process.env.PATH,
  AWS_LAMBDA_FUNCTION_NAME: "bench",
  AWS_REGION: "us-east-2",
  NODE_PATH: join(here, "node_modules"),
};

function run(args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: here, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** Median milliseconds from start to end of a process that loads each subject. */
function coldStarts(): Map<string, number> {
  const times = new Map<string, number[]>(SUBJECTS.map(({ file }) => [file, []]));
  for (let round = 0; round < runs; round++) {
    for (const { file } of SUBJECTS) {
      const startMs = performance.now();
      run(["-e", `require("./subjects/${file}.cjs")`]);
      times.get(file)?.push(performance.now() - startMs);
    }
  }
  return new Map([...times].map(([file, list]) => [file, median(list)]));
}

function main(): void {
  if (!existsSync(join(here, "node_modules/dd-trace"))) {
    console.log("Installing what the wrapper is measured beside (once) ...");
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"], { cwd: here });
  }
  execFileSync(process.execPath, [join(here, "../../instrumentation/build.mjs")]);
  const cold = coldStarts();
  const empty = cold.get("plain") ?? Number.NaN;
  const baseUs = Number(run(["invoke.cjs", "plain", values.invocations]));
  const rows = SUBJECTS.map(({ file, name, loadOnly }) => {
    const addedMs = (cold.get(file) ?? Number.NaN) - empty;
    const addedUs = loadOnly ? Number.NaN : Number(run(["invoke.cjs", file, values.invocations])) - baseUs;
    return {
      "": name,
      "process, ms": (cold.get(file) ?? Number.NaN).toFixed(1),
      "cold start added, ms": file === "plain" ? "" : addedMs.toFixed(1),
      "of an empty process": file === "plain" ? "" : (addedMs / empty).toFixed(2),
      "invocation added, us": file === "plain" || loadOnly ? "" : addedUs.toFixed(1),
    };
  });
  console.log(`node ${process.version}, medians of ${runs} starts, load ${loadavg()[0]?.toFixed(1)}`);
  console.table(rows);
  const bytes = (file: string): number => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
  const kib = (file: string): string => (bytes(file) / 1024).toFixed(1);
  console.log(`bundle, all of AWS, minified + gzip: ${kib("index.js")} KiB (ESM), ${kib("index.cjs")} KiB (CommonJS)`);
  console.log("goals: cold start <= 6 ms and <= 0.1 of an empty process; invocation <= 25 us; bundle <= 25 KiB");
}

main();
