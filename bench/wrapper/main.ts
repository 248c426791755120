/**
 * What the wrapper costs a function, beside others, in one run.
 *
 *   npm run bench -- wrapper [--runs 15] [--invocations 5000]
 *
 * Cold start: a whole process that loads a wrapped handler and ends, started in turns so that a busy machine
 * slows all alike; the first quartile counts, since a shared machine only ever adds. First invocation: the same with
 * one SQS message handled before the end, so that nothing can be put off from the one to the other. Invocation: one
 * SQS message through a handler that does nothing, warm, nothing sent; the fastest of ten parts counts.
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

const firstQuartile = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 2] ?? Number.NaN;

/** What a process that loads a subject and ends costs, in milliseconds. */
interface Start {
  readonly wallMs: number;
  /** Of all its threads: what other processes of the machine do hardly changes it. */
  readonly cpuMs: number;
}

const TELL_CPU = `process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  require("node:fs").writeSync(1, "cpu:" + (user + system) / 1000);
});`;

/** What a started process does with a subject, by what is measured. */
const STARTS = {
  load: "setImmediate(() => process.exit(0))",
  first: `const { event, context } = require("./sqs-message.cjs");
    Promise.resolve(handler(event, context)).finally(() => process.exit(0));`,
};

function coldStarts(then: string): Map<string, Start> {
  const starts = new Map<string, Start[]>(SUBJECTS.map(({ file }) => [file, []]));
  for (let round = 0; round < runs; round++) {
    // Another order each time: what runs after the heaviest finds the coldest caches.
    const turn = SUBJECTS.toSorted(() => Math.random() - 0.5);
    for (const { file } of turn) {
      const startMs = performance.now();
      const out = run(["-e", `${TELL_CPU} const { handler } = require("./subjects/${file}.cjs"); ${then}`]);
      const wallMs = performance.now() - startMs;
      starts.get(file)?.push({ wallMs, cpuMs: Number(/cpu:([\d.]+)$/.exec(out)?.[1]) });
    }
  }
  const quartile = (list: readonly Start[]): Start => ({
    wallMs: firstQuartile(list.map((start) => start.wallMs)),
    cpuMs: firstQuartile(list.map((start) => start.cpuMs)),
  });
  return new Map([...starts].map(([file, list]) => [file, quartile(list)]));
}

function main(): void {
  if (!existsSync(join(here, "node_modules/dd-trace"))) {
    console.log("Installing what the wrapper is measured beside (once) ...");
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"], { cwd: here });
  }
  execFileSync(process.execPath, [join(here, "../../instrumentation/build.mjs")]);
  const cold = coldStarts(STARTS.load);
  const first = coldStarts(STARTS.first);
  const added = (starts: ReadonlyMap<string, Start>, file: string, part: keyof Start): number =>
    (starts.get(file)?.[part] ?? Number.NaN) - (starts.get("plain")?.[part] ?? Number.NaN);
  const emptyMs = cold.get("plain")?.wallMs ?? Number.NaN;
  const baseUs = Number(run(["invoke.cjs", "plain", values.invocations]));
  const rows = SUBJECTS.map(({ file, name, loadOnly }) => {
    const addedUs = loadOnly ? Number.NaN : Number(run(["invoke.cjs", file, values.invocations])) - baseUs;
    return {
      "": name,
      "process, ms": cold.get(file)?.wallMs.toFixed(1),
      "cold start added, ms": file === "plain" ? "" : added(cold, file, "wallMs").toFixed(1),
      "of a bare process": file === "plain" ? "" : (added(cold, file, "wallMs") / emptyMs).toFixed(2),
      "CPU added, ms": file === "plain" ? "" : added(cold, file, "cpuMs").toFixed(1),
      "with first invocation, CPU ms": file === "plain" || loadOnly ? "" : added(first, file, "cpuMs").toFixed(1),
      "invocation added, us": file === "plain" || loadOnly ? "" : addedUs.toFixed(1),
    };
  });
  console.log(`node ${process.version}, first quartile of ${runs} starts, load ${loadavg()[0]?.toFixed(1)}`);
  console.table(rows);
  const kib = (file: string): string =>
    (gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1024).toFixed(1);
  console.log(`minified + gzip: ${kib("index.js")} KiB for all of AWS, ${kib("index.cjs")} KiB of it parsed at the start, ${kib("first.cjs")} with the first invocation`);
  console.log("goals: cold start <= 6 ms and <= 0.1 of an empty process; invocation <= 25 us; bundle <= 25 KiB");
}

main();
