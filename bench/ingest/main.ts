/**
 * Ingestion, measured over HTTP from another process: ours beside the plain way and the store's own limit, in one run.
 *
 *   npm run bench -- ingest [--seconds 15] [--connections 8]
 *   npm run bench -- ingest --half 60000         acknowledgements of ours at so many spans a second, and nothing else
 *   npm run bench -- ingest --profile [--json]   ours alone, with the functions of the collector that take most time
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { load, measure, withSubject, type Loaded, type Measured } from "./measure.ts";
import { topFunctions } from "./profile.ts";
import { storeLimit } from "./store-limit.ts";
import { timesToFind } from "./time-to-find.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    connections: { type: "string", default: "8" },
    half: { type: "string" },
    profile: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
/**
 * A collector runs for days, and V8 compiles what it does under load in its first three million spans: that takes a
 * tenth of its CPU after the first of these, and a fiftieth after the last.
 */
const warmUpS = 10;
const profiledFunctions = 10;
/** The loop turns often enough in a sample to see every function that matters, us. */
const profileIntervalUs = 500;

const results: Measured[] = [];
let limit = 0;
let half: Loaded | undefined;
/** From a span's acknowledgement until a query finds it, at half the load, ms, ascending. */
let findMs: readonly number[] = [];
say(`load average before: ${loadavg().map((average) => average.toFixed(1)).join(" ")}\n`);
if (values.profile) await profile();
else if (values.half !== undefined) await atRate(Number(values.half));
else {
  progress("the store's own limit");
  limit = await storeLimit(seconds / 2);
  await compare();
  report();
}

async function compare(): Promise<void> {
  const full = { rate: 0, gzip: false, json: false, seconds, connections };
  await withSubject("ours", [], async (subject) => {
    await measure(subject, "warm-up", { ...full, seconds: warmUpS });
    results.push(await measure(subject, "ours", full));
    progress("ours at half the load");
    const done = new AbortController();
    const finding = timesToFind(subject, done.signal);
    half = await load(subject, { ...full, rate: (results[0]?.loaded ?? 0) / 2 });
    done.abort();
    findMs = await finding;
    results.push(await measure(subject, "ours, gzip", { ...full, gzip: true }));
    results.push(await measure(subject, "ours, JSON", { ...full, json: true }));
  });
  await withSubject("plain", [], async (subject) => {
    await measure(subject, "warm-up of the plain way", { ...full, seconds: warmUpS });
    results.push(await measure(subject, "plain way", full));
  });
}

async function atRate(rate: number): Promise<void> {
  await withSubject("ours", [], async (subject) => {
    const push = { rate, gzip: false, json: false, seconds, connections };
    await measure(subject, "warm-up", { ...push, rate: 0, seconds: warmUpS });
    sayAcks(`at ${n(rate)} spans/s`, await load(subject, push));
  });
}

async function profile(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-profile-"));
  const options = ["--cpu-prof", `--cpu-prof-dir=${dir}`, `--cpu-prof-interval=${String(profileIntervalUs)}`];
  await withSubject("ours", options, async (subject) => {
    const full = { rate: 0, gzip: false, json: values.json, seconds, connections };
    await measure(subject, "warm-up", { ...full, seconds: warmUpS });
    results.push(await measure(subject, "ours", full));
  });
  table();
  say(`\nself time of the collector's main thread:\n${topFunctions(dir, profiledFunctions).join("\n")}`);
  rmSync(dir, { recursive: true, force: true });
}

function table(): void {
  say(`512 spans a request, 12 attributes a span, fresh ids, ${String(connections)} connections, ${String(seconds)} s each\n`);
  say("| | acked/s | loaded/s | ack p50 / p99 ms | us CPU a span: collector, store, load | RSS MB: collector, store | bytes/span: spans, all tables | stall ms | refused | stolen |");
  say("|---|---|---|---|---|---|---|---|---|---|");
  for (const row of results) {
    say(
      `| ${row.name} | ${n(row.acked)} | ${n(row.loaded)} | ${n(row.p50Ms, 1)} / ${n(row.p99Ms, 1)} | ` +
        `${n(row.collectorUs, 2)}, ${n(row.storeUs, 2)}, ${n(row.loadUs, 2)} | ${n(row.rssMb)}, ${n(row.storeRssMb)} | ` +
        `${n(row.spanBytes, 1)}, ${n(row.bytes, 1)} | ${n(row.stallMs)} | ${n(row.refused)} | ${percent(row.stolen)} |`,
    );
  }
}

function report(): void {
  table();
  const ours = results[0];
  const plain = results.at(-1);
  if (!ours || !plain || !half) return;
  say(`\nthe store's own limit, the same rows from memory with every view: ${n(limit)} rows/s`);
  say(`ours / plain way: ${n(ours.loaded / plain.loaded, 1)} (goal 5)`);
  say(`ours / the store's limit: ${n(ours.loaded / limit, 2)} (goal 0.5)`);
  say(`bytes a span of the table of spans, ours / plain way: ${n(ours.spanBytes / plain.spanBytes, 2)} (goal 0.55)`);
  say(`bytes a span of all tables, ours / plain way: ${n(ours.bytes / plain.bytes, 2)}`);
  sayAcks("at half the load", half);
  const [middle, last] = [findMs[Math.floor(findMs.length / 2)] ?? NaN, findMs.at(-1) ?? NaN];
  say(`at half the load: found by its trace id ${n(middle)} ms after its acknowledgement, at most ${n(last)} ms (goal 2,000)`);
  say(`load average after: ${loadavg().map((average) => average.toFixed(1)).join(" ")}`);
}

function sayAcks(when: string, { p50Ms, p99Ms, maxMs, stolen }: Loaded): void {
  const times = `p50 ${n(p50Ms, 1)} ms, p99 ${n(p99Ms, 1)} ms (goal 50), max ${n(maxMs, 1)} ms`;
  say(`${when}: ack ${times}; ${percent(stolen)} of the machine's time stolen`);
}

function percent(share: number): string {
  return `${n(share * 100, 1)} %`;
}

function n(value: number, digits = 0): string {
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
