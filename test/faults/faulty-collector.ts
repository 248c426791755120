/** A collector that is killed and started again, and clients that send until they are acknowledged. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import type { ReceiverLimits } from "../../collector/ingest/receiver-limits.ts";
import type { ReceiverStats } from "../../collector/ingest/receiver-stats.ts";
import { encodeOtlp } from "../support/otlp-proto.ts";
import type { Counted, Started } from "./collector-child.ts";

const clientCount = 6;
const spansPerRequest = 20;
/** Between two tries of a client, ms. */
const retryMs = 20;
/** How long a client tries, ms. */
const clientPatienceMs = 120_000;
/** How long the store may take to have everything, on a machine that does much else, ms. */
const patienceMs = 60_000;

export class FaultyCollector {
  readonly dataDir = mkdtempSync(join(tmpdir(), "hopscope-faults-"));
  readonly #limits: ReceiverLimits;
  #child: ChildProcess | undefined;
  #started: Started | undefined;
  #stopped = false;
  #abandoned = false;
  #number = 0;
  #clients: Promise<void>[] = [];
  acknowledgedSpans = 0;
  /** Sum of the numbers of the acknowledged spans. */
  checksum = 0;
  /** Answers that asked the client to come again. */
  refused = 0;

  constructor(limits: ReceiverLimits = {}) {
    this.#limits = { segmentAgeMaxMs: 30, ...limits };
  }

  async start(): Promise<void> {
    const child = fork(new URL("./collector-child.ts", import.meta.url), [this.dataDir, JSON.stringify(this.#limits)]);
    const [started] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => {
        throw new Error(`the collector ended with ${String(code)} before it had started`);
      }),
    ])) as [Started];
    this.#child = child;
    this.#started = started;
  }

  /** Kills with SIGKILL; a killed collector is started again at once, a killed store by its collector. */
  async kill(which: "collector" | "store" | "both"): Promise<void> {
    const storePid = which === "collector" ? 0 : await this.storePid();
    if (which === "store" && storePid === 0) return;
    if (storePid > 0) signal(storePid, "SIGKILL");
    if (which === "store" || !this.#child) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
    await this.start();
  }

  async storePid(): Promise<number> {
    // Cheap, and right unless the store was restarted in between.
    return (await this.count().catch(() => undefined))?.storePid ?? this.#started?.storePid ?? 0;
  }

  /** Starts clients, each of which repeats a request until it is acknowledged. */
  startClients(): void {
    this.#stopped = false;
    this.#clients = Array.from({ length: clientCount }, () => this.#sendUntilStopped());
  }

  /** Lets each client finish the request that it is at. */
  async stopClients(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async count(): Promise<Counted> {
    return this.#ask<Counted>("count");
  }

  async stats(): Promise<ReceiverStats> {
    return this.#ask<ReceiverStats>("stats");
  }

  hog(): void {
    this.#child?.send("hog");
  }

  /** What is in the store once it has at least what was acknowledged and nothing waits. */
  async settled(): Promise<Counted> {
    await vi.waitFor(
      async () => {
        const { spans, stats } = await this.count();
        if (stats.walSegments > 0 || spans < this.acknowledgedSpans) throw new Error(`${String(spans)} spans so far`);
      },
      { timeout: patienceMs, interval: 100 },
    );
    return this.count();
  }

  async terminate(): Promise<number> {
    if (!this.#child) return 0;
    const start = performance.now();
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    return performance.now() - start;
  }

  /** Gives up what the clients are at and ends the collector. */
  async end(): Promise<void> {
    this.#stopped = true;
    this.#abandoned = true;
    await Promise.all(this.#clients);
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.terminate();
  }

  remove(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #ask<T>(question: string): Promise<T> {
    const child = this.#child;
    if (!child?.connected) throw new Error("no collector");
    const answered = once(child, "message", { signal: AbortSignal.timeout(5_000) });
    child.send(question);
    const [answer] = (await answered) as [T | null];
    if (answer === null) throw new Error("the store is away");
    return answer;
  }

  async #sendUntilStopped(): Promise<void> {
    while (!this.#stopped) {
      const first = this.#number;
      this.#number += spansPerRequest;
      const body = request(first);
      await vi.waitFor(
        async () => {
          if (!this.#abandoned && !(await this.#post(body))) throw new Error("not acknowledged");
        },
        { timeout: clientPatienceMs, interval: retryMs },
      );
      if (this.#abandoned) return;
      this.acknowledgedSpans += spansPerRequest;
      for (let index = 0; index < spansPerRequest; index += 1) this.checksum += first + index;
    }
  }

  async #post(body: Buffer<ArrayBuffer>): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${String(this.#started?.port)}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/x-protobuf" },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      await response.arrayBuffer();
      if (response.status !== 200) this.refused += 1;
      return response.status === 200;
    } catch {
      return false;
    }
  }
}

/** Sends a signal to a process that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
/** Of every other span, so that each rollup has its half. */
const invocation = [text("faas.trigger", "http")];
const message = [
  text("messaging.system", "aws_sqs"),
  text("messaging.operation.type", "process"),
  text("messaging.destination.name", "payments"),
];

function request(first: number): Buffer<ArrayBuffer> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: spansPerRequest }, (_, index) => ({
    traceId: (first + index + 1).toString(16).padStart(32, "0"),
    spanId: (first + index + 1).toString(16).padStart(16, "0"),
    name: "POST /orders",
    kind: index % 2 === 0 ? 2 : 5,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 5_000_000n),
    attributes: [
      ...(index % 2 === 0 ? invocation : message),
      { key: "number", value: { intValue: String(first + index) } },
    ],
  }));
  return Buffer.from(encodeOtlp("ExportTraceServiceRequest", { resourceSpans: [{ scopeSpans: [{ spans }] }] }));
}
