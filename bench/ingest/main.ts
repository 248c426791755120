/**
 * Ingestion, measured over HTTP from another process: ours beside the plain way and the store's own limit, in one run.
 *
 *   npm run bench -- ingest [--seconds 15] [--connections 8]
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import { Payload, spansPerRequest } from "./payload.ts";
import type { Load, LoadResult } from "./sender.ts";
import type { SubjectState } from "./subject.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "15" }, connections: { type: "string", default: "8" } },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const ticksPerS = 100;
/** Rows of an insert when the store's own limit is measured. */
const limitInsertRows = 98_304;

interface Measured {
  readonly name: string;
  readonly acked: number;
  readonly loaded: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly collectorUs: number;
  readonly storeUs: number;
  readonly loadUs: number;
  readonly rssMb: number;
  readonly storeRssMb: number;
  readonly stallMs: number;
  readonly bytesPerSpan: number;
  readonly refused: number;
}

say(`load average before: ${loadavg().map((load) => load.toFixed(1)).join(" ")}\n`);
const limit = await storeLimit();
const results: Measured[] = [];
let half: LoadResult | undefined;
await withSubject("ours", async (subject) => {
  await measure(subject, "warm-up", { rate: 0, gzip: false, seconds: 3 });
  results.push(await measure(subject, "ours", { rate: 0, gzip: false, seconds }));
  results.push(await measure(subject, "ours, gzip", { rate: 0, gzip: true, seconds }));
  const rate = (results[0]?.loaded ?? 0) / 2;
  half = await load(subject, { rate, gzip: false, seconds });
});
await withSubject("plain", async (subject) => {
  await measure(subject, "warm-up", { rate: 0, gzip: false, seconds: 3 });
  results.push(await measure(subject, "plain way", { rate: 0, gzip: false, seconds }));
});
report();

interface Subject {
  readonly child: ChildProcess;
  readonly port: number;
  readonly storePid: number;
}

async function withSubject(which: string, work: (subject: Subject) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
  const child = fork(new URL("./subject.ts", import.meta.url), [which, dataDir]);
  await once(child, "message");
  const { port, storePid } = await ask(child, "state");
  try {
    await work({ child, port, storePid });
  } finally {
    child.disconnect();
    await once(child, "exit");
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function ask(child: ChildProcess, question: "state" | "optimize"): Promise<SubjectState> {
  const answered = once(child, "message");
  child.send(question);
  return ((await answered) as [SubjectState])[0];
}

async function load(subject: Subject, options: { rate: number; gzip: boolean; seconds: number }): Promise<LoadResult> {
  const sender = fork(new URL("./sender.ts", import.meta.url));
  const order: Load = { ...options, port: subject.port, connections, seed: results.length + 1 };
  const answered = once(sender, "message");
  sender.send(order);
  const [result] = (await answered) as [LoadResult];
  sender.kill();
  return result;
}

async function measure(
  subject: Subject,
  name: string,
  options: { rate: number; gzip: boolean; seconds: number },
): Promise<Measured> {
  const before = await ask(subject.child, "state");
  const cpu = [cpuS(subject.child.pid), cpuS(subject.storePid)] as const;
  const start = performance.now();
  const result = await load(subject, options);
  const { stallMs } = await ask(subject.child, "state");
  while ((await ask(subject.child, "state")).loaded - before.loaded < result.spans) await delay(20);
  const loadedS = (performance.now() - start) / 1_000;
  const collectorS = cpuS(subject.child.pid) - cpu[0];
  const storeS = cpuS(subject.storePid) - cpu[1];
  const rssMb = rss(subject.child.pid);
  const storeRssMb = rss(subject.storePid);
  const after = await ask(subject.child, "optimize");
  const us = (cpuSeconds: number) => (cpuSeconds / result.spans) * 1e6;
  return {
    name,
    acked: result.spans / result.seconds,
    loaded: result.spans / loadedS,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    collectorUs: us(collectorS),
    storeUs: us(storeS),
    loadUs: us(result.cpuS),
    rssMb,
    storeRssMb,
    stallMs,
    bytesPerSpan: after.bytes / after.loaded,
    refused: result.refused,
  };
}

/** The rate at which the store takes the same rows, transcoded beforehand, with all its views. */
async function storeLimit(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
  const opened = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  const payload = new Payload(7);
  let rows = 0;
  let elapsedS = 0;
  for (let insert = 0; elapsedS < seconds / 2; insert += 1) {
    for (let count = 0; count < limitInsertRows; count += spansPerRequest) {
      payload.refresh();
      transcoder.transcode(payload.body);
    }
    const blocks = transcoder.takeBlocks().map((block) => block.bytes);
    const start = performance.now();
    await opened.store.insertNative("spans", blocks, `limit-${String(insert)}`);
    // The first inserts warm up.
    if (insert < 2) continue;
    elapsedS += (performance.now() - start) / 1_000;
    rows += limitInsertRows;
  }
  await opened.close();
  rmSync(dataDir, { recursive: true, force: true });
  return rows / elapsedS;
}

function cpuS(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerS;
}

function rss(pid: number | undefined): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}

function report(): void {
  const [ours, , plain] = results;
  const n = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });
  say(`512 spans a request, 12 attributes a span, fresh ids, ${String(connections)} connections, ${String(seconds)} s each\n`);
  say("| | acked/s | loaded/s | ack p50 / p99 ms | us CPU a span: collector, store, load | RSS MB: collector, store | bytes/span | stall ms | refused |");
  say("|---|---|---|---|---|---|---|---|---|");
  for (const row of results) {
    say(
      `| ${row.name} | ${n(row.acked)} | ${n(row.loaded)} | ${n(row.p50Ms, 1)} / ${n(row.p99Ms, 1)} | ` +
        `${n(row.collectorUs, 2)}, ${n(row.storeUs, 2)}, ${n(row.loadUs, 2)} | ${n(row.rssMb)}, ${n(row.storeRssMb)} | ` +
        `${n(row.bytesPerSpan, 1)} | ${n(row.stallMs)} | ${n(row.refused)} |`,
    );
  }
  say(`\nthe store's own limit, the same rows from memory with every view: ${n(limit)} rows/s`);
  say(`ours / plain way: ${n((ours?.loaded ?? 0) / (plain?.loaded ?? 1), 1)} (goal 5)`);
  say(`ours / the store's limit: ${n((ours?.loaded ?? 0) / limit, 2)} (goal 0.5)`);
  say(`bytes a span, ours / plain way: ${n((ours?.bytesPerSpan ?? 0) / (plain?.bytesPerSpan ?? 1), 2)} (goal 0.55)`);
  say(`at half the load: ack p50 ${n(half?.p50Ms ?? 0, 1)} ms, p99 ${n(half?.p99Ms ?? 0, 1)} ms (goal 50), max ${n(half?.maxMs ?? 0, 1)} ms`);
  say(`load average after: ${loadavg().map((load) => load.toFixed(1)).join(" ")}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
