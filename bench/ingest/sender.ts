/**
 * The load: a process that posts requests over kept-alive connections and measures the answers.
 * Its parent sends one {@link Load} by IPC and gets "ready", then one {@link LoadResult} back.
 *
 * Each request has fresh ids, as the collector recognises a repeat. Compressed ones are made beforehand, as a
 * function's CPU is its own and no cost of the collector's machine: when they are used up the run ends.
 */
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip as gzipCallback } from "node:zlib";
import { Connection } from "./connection.ts";
import { JsonPayload } from "./json-payload.ts";
import { Payload, spansPerRequest } from "./payload.ts";

export interface Load {
  readonly port: number;
  readonly seconds: number;
  /** Spans a second to send; 0 for as many as are taken. */
  readonly rate: number;
  readonly gzip: boolean;
  /** OTLP/JSON in place of protobuf. */
  readonly json: boolean;
  readonly connections: number;
  readonly seed: number;
}

export interface LoadResult {
  readonly spans: number;
  /** Answers other than 200. */
  readonly refused: number;
  readonly seconds: number;
  /** From when a request was due to its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** CPU that the load itself took, seconds. */
  readonly cpuS: number;
}

/** Compressed requests made for a second of load: above what was ever taken. */
const gzipPerS = 250;
const gzipAtATime = 4;
const refusedPauseMs = 50;
/** Enough for the functions that make payloads to be compiled. */
const warmUpRefreshes = 20;
const gzip = promisify(gzipCallback);

process.on("message", (load: Load) => {
  void run(load).then((result) => process.send?.(result));
});

async function run(load: Load): Promise<LoadResult> {
  const encoding = load.gzip ? "gzip" : "";
  const made = load.gzip ? await compressed(load) : undefined;
  const contentType = load.json ? "application/json" : "application/x-protobuf";
  const lanes = await Promise.all(
    Array.from({ length: load.connections }, async (_, index) => ({
      connection: await Connection.open({ port: load.port, contentType, encoding }),
      payload: warmed(new (load.json ? JsonPayload : Payload)(load.seed * 1_000 + index)),
    })),
  );
  const latencies: number[] = [];
  let spans = 0;
  let refused = 0;
  process.send?.("ready");
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + load.seconds * 1_000;
  let due = start;
  await Promise.all(
    lanes.map(async ({ connection, payload }) => {
      while (performance.now() < end) {
        let dueAt = performance.now();
        if (load.rate > 0) {
          dueAt = due += (spansPerRequest / load.rate) * 1_000;
          if (dueAt > performance.now()) await delay(dueAt - performance.now());
        }
        if (!made) payload.refresh();
        const body = made ? made.pop() : payload.body;
        if (!body) break;
        if (load.rate === 0) dueAt = performance.now();
        const status = await connection.post(body);
        latencies.push(performance.now() - dueAt);
        if (status === 200) spans += spansPerRequest;
        else {
          refused += 1;
          await delay(refusedPauseMs);
        }
      }
      connection.close();
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0;
  const cpuS = (used.user + used.system) / 1e6;
  return { spans, refused, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1), cpuS };
}

/** What the first requests take longer for is the load's own: it is done before the clock starts. */
function warmed<T extends Payload | JsonPayload>(payload: T): T {
  for (let count = 0; count < warmUpRefreshes; count += 1) payload.refresh();
  return payload;
}

async function compressed({ seconds, seed }: Load): Promise<Buffer[]> {
  const payload = new Payload(seed);
  const bodies: Buffer[] = [];
  while (bodies.length < seconds * gzipPerS) {
    const batch = Array.from({ length: gzipAtATime }, () => {
      payload.refresh();
      return gzip(Buffer.from(payload.body), { level: 1 });
    });
    bodies.push(...(await Promise.all(batch)));
  }
  return bodies;
}
