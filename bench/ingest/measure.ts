/** What is measured runs in a process of its own, the load in another: CPU, memory and answers of each. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { collectorNodeOptions } from "../../scripts/collector-node.mjs";
import type { Load, LoadResult } from "./sender.ts";
import { watchStolenTime } from "./stolen-time.ts";
import type { AnswerTo, Question } from "./subject.ts";

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const ticksPerS = 100;
const loadedPollMs = 50;

export interface Measured {
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
  /** Of the table of spans alone, and of all tables. */
  readonly spanBytes: number;
  readonly bytes: number;
  readonly refused: number;
  /** Share of the processors' time that the machine was not given while spans were sent and loaded. */
  readonly stolen: number;
}

export interface Subject {
  readonly child: ChildProcess;
  readonly port: number;
  readonly storePid: number;
}

/** How hard to push. */
export type Push = Pick<Load, "rate" | "gzip" | "json" | "seconds" | "connections">;

/** Starts `which`, with `nodeOptions` of its own, and ends it after `work`. */
export async function withSubject(
  which: string,
  nodeOptions: readonly string[],
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
  const child = fork(new URL("./subject.ts", import.meta.url), [which, dataDir], {
    execArgv: [...process.execArgv, ...collectorNodeOptions, ...nodeOptions],
  });
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

let seed = 0;

/** What the sender saw, on a machine of which a share was stolen meanwhile. */
export interface Loaded extends LoadResult {
  readonly stolen: number;
}

/** Sends `push` from a process of its own; `started` is called when the first request goes out. */
export async function load({ port }: Subject, push: Push, started?: () => void): Promise<Loaded> {
  const sender = fork(new URL("./sender.ts", import.meta.url));
  const order: Load = { ...push, port, seed: (seed += 1) };
  sender.send(order);
  await once(sender, "message");
  started?.();
  const stolen = watchStolenTime();
  const [result] = (await once(sender, "message")) as [LoadResult];
  sender.kill();
  return { ...result, stolen: stolen() };
}

/** Sends `push` and waits until all of it is loaded. */
export async function measure(subject: Subject, name: string, push: Push): Promise<Measured> {
  process.stderr.write(`${name}: ${String(push.seconds)} s\n`);
  const before = await ask(subject.child, "state");
  let cpu = [0, 0];
  let start = 0;
  let stolen = watchStolenTime();
  const result = await load(subject, push, () => {
    cpu = [cpuS(subject.child.pid), cpuS(subject.storePid)];
    stolen = watchStolenTime();
    start = performance.now();
  });
  const { stallMs } = await ask(subject.child, "state");
  while ((await ask(subject.child, "state")).loaded - before.loaded < result.spans) await delay(loadedPollMs);
  const loadedS = (performance.now() - start) / 1_000;
  const stolenShare = stolen();
  const us = (cpuSeconds: number) => (cpuSeconds / result.spans) * 1e6;
  const collectorUs = us(cpuS(subject.child.pid) - (cpu[0] ?? 0));
  const storeUs = us(cpuS(subject.storePid) - (cpu[1] ?? 0));
  const rssMb = rss(subject.child.pid);
  const storeRssMb = rss(subject.storePid);
  process.stderr.write(`${name}: ${String(result.spans)} spans loaded, optimizing\n`);
  const after = await ask(subject.child, "optimize");
  return {
    name,
    acked: result.spans / result.seconds,
    loaded: result.spans / loadedS,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    collectorUs,
    storeUs,
    loadUs: us(result.cpuS),
    rssMb,
    storeRssMb,
    stallMs,
    spanBytes: after.spanBytes / after.loaded,
    bytes: after.bytes / after.loaded,
    refused: result.refused,
    stolen: stolenShare,
  };
}

/** Asks the process that is measured, one question at a time. */
export async function ask<Q extends Question>(child: ChildProcess, question: Q): Promise<AnswerTo<Q>> {
  const answered = once(child, "message");
  child.send(question);
  return ((await answered) as [AnswerTo<Q>])[0];
}

function cpuS(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerS;
}

function rss(pid: number | undefined): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}
