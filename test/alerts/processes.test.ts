/** Alerts as processes that are killed and stopped, on one store, with a receiver that counts. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { fillFunctionMinutes } from "../../collector/alert/sample/fill-minutes.ts";
import type { WorkerOptions } from "./worker.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
const LEASE_MS = 2_000;
/** How much faster than the wall clock the simulated one goes: two evaluations a second. */
const SPEED = 120;
const WAIT = { timeout: 30_000, interval: 50 };

let db: TestStore;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "alert-processes-"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await db.close();
});

interface Receiver {
  server: Server;
  url: string;
  got: { key: string; kind: string; at: string }[];
  /** Takes the message and never answers. */
  isMute: boolean;
}

async function receive(): Promise<Receiver> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      const { kind, at } = JSON.parse(body) as { kind: string; at: string };
      receiver.got.push({ key: String(request.headers["idempotency-key"]), kind, at });
      if (!receiver.isMute) response.end("ok");
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const receiver: Receiver = {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    got: [],
    isMute: false,
  };
  return receiver;
}

interface Worker {
  child: ChildProcess;
  last: { isEvaluating?: boolean; lastTickMs?: number };
  lines: string[];
}

function start(options: WorkerOptions): Worker {
  const child = spawn(process.execPath, [WORKER, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const worker: Worker = { child, last: {}, lines: [] };
  let rest = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      worker.lines.push(line);
      const found = JSON.parse(line) as Worker["last"];
      if (found.isEvaluating !== undefined) worker.last = found;
    }
  });
  return worker;
}

/** A store in which minutes alternate: `period` minutes fine, as many failing. */
async function prepare(period: number, url: string, speed = SPEED): Promise<WorkerOptions> {
  db = await createTestStore();
  const from = Math.floor(Date.now() / 60_000) * 60 - 4 * 3600;
  const rows = Array.from({ length: 200 }, (_, n) => ({
    minute: from + n * 60,
    errors: Math.floor(n / period) % 2 === 1 ? 50 : 0,
  }));
  await fillFunctionMinutes(db.store, rows);
  const rulesPath = join(folder, `${db.database}.yml`);
  await writeFile(
    rulesPath,
    `version: 1\nchannels: { ops: { type: webhook, url: "${url}" } }\ndefaults: { notify: [ops], messages: { interval: 0s } }\n` +
      "rules: [{ id: errors, kind: error-rate, threshold: 5%, window: 1m }]\n",
  );
  return {
    endpoint: db.endpoint,
    database: db.database,
    rulesPath,
    leaseMs: LEASE_MS,
    realMs: Date.now(),
    simulatedMs: (from + 90) * 1000,
    speed,
  };
}

describe("killed with -9", () => {
  it(
    "23, 19: after the message was taken and before the answer came, it is sent once more under the same key",
    { timeout: 60_000 },
    async () => {
      const receiver = await receive();
      receiver.isMute = true;
      const options = await prepare(5, receiver.url);
      const first = start(options);
      await vi.waitFor(() => expect(receiver.got).toHaveLength(1), WAIT);
      first.child.kill("SIGKILL");
      receiver.isMute = false;
      start(options);
      await vi.waitFor(() => expect(receiver.got.some((one) => one.kind === "resolved")).toBe(true), WAIT);
      const firing = receiver.got.filter((one) => one.kind === "firing").map((one) => one.key);
      expect(new Set(firing.slice(0, 2)).size).toBe(1);
      receiver.server.close();
      receiver.server.closeAllConnections();
    },
  );

  it("40: at many instants, every episode is told once and ended once, in order", { timeout: 120_000 }, async () => {
    const receiver = await receive();
    const options = await prepare(8, receiver.url);
    let seed = 7;
    for (let round = 0; round < 5; round++) {
      const worker = start(options);
      await vi.waitFor(() => expect(worker.last.isEvaluating).toBe(true), WAIT);
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const count = worker.lines.length + 3 + (seed % 12);
      await vi.waitFor(() => expect(worker.lines.length).toBeGreaterThan(count), WAIT);
      worker.child.kill("SIGKILL");
    }
    const seen = receiver.got.length;
    start(options);
    await vi.waitFor(() => expect(receiver.got.length).toBeGreaterThan(seen + 2), WAIT);
    const unique = receiver.got.filter(
      (one, index, all) => all.findIndex((other) => other.key === one.key) === index,
    );
    const kinds = unique.map((one) => one.kind);
    expect(
      kinds.every((kind, index) => kind === (index % 2 === 0 ? "firing" : "resolved")),
      kinds.join(" "),
    ).toBe(true);
    expect(kinds.length).toBeGreaterThan(3);
    receiver.server.close();
    receiver.server.closeAllConnections();
  });
});

describe("31: two collectors, the holder stopped for two minutes", () => {
  /** At this speed the lease is the 30 s of a real collector. */
  const speed = 30_000 / LEASE_MS;
  const period = 6;
  const pauseMs = 2 * 60_000;
  const wait = { timeout: 60_000, interval: 50 };

  it("tell each change once; the one that goes on is refused", { timeout: 240_000 }, async () => {
    const receiver = await receive();
    const options = await prepare(period, receiver.url, speed);
    const first = start(options);
    await vi.waitFor(() => expect(first.last.isEvaluating).toBe(true), wait);
    const second = start(options);
    await vi.waitFor(() => expect(second.last.isEvaluating).toBe(false), wait);
    const stoppedMs = first.last.lastTickMs ?? 0;
    first.child.kill("SIGSTOP");
    await vi.waitFor(() => expect(second.last.isEvaluating).toBe(true), wait);
    await vi.waitFor(() => expect(second.last.lastTickMs ?? 0).toBeGreaterThan(stoppedMs + pauseMs), wait);
    first.child.kill("SIGCONT");
    await vi.waitFor(() => expect(first.lines.join("\n")).toContain("another collector evaluates"), wait);
    await vi.waitFor(() => expect(receiver.got.some((one) => one.kind === "resolved")).toBe(true), wait);
    expect(first.last.isEvaluating).toBe(false);
    // Stopped between a message and its note, it is told again under its key.
    const told = new Map(receiver.got.map(({ key, kind }) => [key, kind]));
    expect([...told.values()].slice(0, 2)).toEqual(["firing", "resolved"]);
    receiver.server.close();
    receiver.server.closeAllConnections();
  });
});
