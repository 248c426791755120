/**
 * The load: a process that posts requests over kept-alive connections and measures the answers.
 * Its parent sends one {@link Load} by IPC and gets one {@link LoadResult} back.
 */
import { Agent, request as httpRequest } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Payload, spansPerRequest } from "./payload.ts";

export interface Load {
  readonly port: number;
  readonly seconds: number;
  /** Spans a second to send; 0 for as many as are taken. */
  readonly rate: number;
  readonly gzip: boolean;
  readonly connections: number;
  readonly seed: number;
}

export interface LoadResult {
  readonly spans: number;
  /** Answers other than 200. */
  readonly refused: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** CPU that the load itself took, seconds. */
  readonly cpuS: number;
}

process.on("message", (load: Load) => {
  void run(load).then((result) => process.send?.(result));
});

async function run(load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const latencies: number[] = [];
  let spans = 0;
  let refused = 0;
  let next = performance.now();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + load.seconds * 1_000;
  await Promise.all(
    Array.from({ length: load.connections }, async (_, index) => {
      const payload = new Payload(load.seed * 1_000 + index);
      while (performance.now() < end) {
        if (load.rate > 0) {
          next = Math.max(next + (spansPerRequest / load.rate) * 1_000, performance.now() - 1_000);
          if (next > performance.now()) await delay(next - performance.now());
        }
        payload.refresh();
        const body = load.gzip ? gzipSync(payload.body, { level: 1 }) : payload.body;
        const sentAt = performance.now();
        const status = await post(agent, load, body);
        latencies.push(performance.now() - sentAt);
        if (status === 200) spans += spansPerRequest;
        else {
          refused += 1;
          await delay(50);
        }
      }
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0;
  const cpuS = (used.user + used.system) / 1e6;
  return { spans, refused, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1), cpuS };
}

function post(agent: Agent, { port, gzip }: Load, body: Buffer): Promise<number> {
  return new Promise((settle, fail) => {
    const headers = {
      "content-type": "application/x-protobuf",
      "content-length": body.length,
      ...(gzip && { "content-encoding": "gzip" }),
    };
    const request = httpRequest({ agent, port, host: "127.0.0.1", method: "POST", path: "/v1/traces", headers });
    request.on("error", fail);
    request.on("response", (response) => {
      response.resume();
      response.on("end", () => settle(response.statusCode ?? 0));
    });
    request.end(body);
  });
}
