import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FaultyCollector, signal } from "./faulty-collector.ts";

const killCount = 50;
/** Part of every Linux; where they, or the right to use them, are missing, that test is left out. */
const MOUNT = "mount";
const UNMOUNT = "umount";
const within = { timeout: 60_000, interval: 50 };

let collector: FaultyCollector;
let unmount: (() => void) | undefined;
afterEach(async () => {
  await collector.end();
  unmount?.();
  unmount = undefined;
  collector.remove();
});

/** Every acknowledged span is there, once, in the table and in all that views make of it. */
async function expectExactlyOnce(): Promise<void> {
  await collector.stopClients();
  const spans = collector.acknowledgedSpans;
  expect(await collector.settled()).toMatchObject({
    spans,
    distinctSpans: spans,
    checksum: String(collector.checksum),
    rollups: {
      // Every second span is of a kind that these count, by the minute, by the hour and by the quarter of a day.
      function_minutes: (spans / 2) * 3,
      alert_minutes: (spans / 2) * 3,
      map_minutes: (spans / 2) * 3,
      queue_minutes: (spans / 2) * 3,
      operation_hours: spans,
      trace_index: spans,
      flow_origins: spans,
    },
  });
  expect(spans).toBeGreaterThan(0);
}

/** Some instant within a quarter of a second: what is random about a kill, not a wait for anything. */
async function randomInstant(): Promise<void> {
  const until = performance.now() + Math.random() * 250;
  while (performance.now() < until) await new Promise((settle) => setImmediate(settle));
}

/** A file system of so many bytes at `dir`; false where this user may mount none. */
function mountSmall(dir: string, sizeBytes: number): boolean {
  mkdirSync(dir, { recursive: true });
  if (spawnSync(MOUNT, ["-t", "tmpfs", "-o", `size=${String(sizeBytes)}`, "tmpfs", dir]).status !== 0) return false;
  unmount = () => spawnSync(UNMOUNT, ["-l", dir]);
  return true;
}

describe("every acknowledged span is there exactly once", () => {
  it(`after ${String(killCount)} kills of collector, store, or both at random instants under load`, { timeout: 600_000 }, async () => {
    collector = new FaultyCollector();
    await collector.start();
    collector.startClients();
    for (let kill = 0; kill < killCount; kill += 1) {
      const acknowledged = collector.acknowledgedSpans;
      await vi.waitFor(() => expect(collector.acknowledgedSpans).toBeGreaterThan(acknowledged), within);
      await randomInstant();
      await collector.kill((["collector", "store", "both"] as const)[kill % 3] ?? "both");
    }
    await expectExactlyOnce();
  });

  it("after the store hung, while requests went on being acknowledged", { timeout: 120_000 }, async () => {
    collector = new FaultyCollector();
    await collector.start();
    collector.startClients();
    const pid = await collector.storePid();
    signal(pid, "SIGSTOP");
    const acknowledged = collector.acknowledgedSpans;
    await vi.waitFor(() => expect(collector.acknowledgedSpans).toBeGreaterThan(acknowledged + 2_000), within);
    signal(pid, "SIGCONT");
    await expectExactlyOnce();
  });

  it("after the store's memory was full", { timeout: 120_000 }, async () => {
    collector = new FaultyCollector();
    await collector.start();
    collector.startClients();
    collector.hog();
    collector.hog();
    const acknowledged = collector.acknowledgedSpans;
    await vi.waitFor(() => expect(collector.acknowledgedSpans).toBeGreaterThan(acknowledged + 4_000), within);
    await expectExactlyOnce();
  });

  it("after the disk of the log was full, and no byte could be written", { timeout: 120_000 }, async ({ skip }) => {
    collector = new FaultyCollector({ diskFreeMinBytes: 0, spareSizeMaxBytes: 300_000 });
    if (!mountSmall(join(collector.dataDir, "wal"), 1_500_000)) skip("this user may mount nothing");
    await collector.start();
    const pid = await collector.storePid();
    signal(pid, "SIGSTOP");
    collector.startClients();
    await vi.waitFor(() => expect(collector.refused).toBeGreaterThan(20), within);
    signal(pid, "SIGCONT");
    const acknowledged = collector.acknowledgedSpans;
    await vi.waitFor(() => expect(collector.acknowledgedSpans).toBeGreaterThan(acknowledged), within);
    await expectExactlyOnce();
    expect((await collector.stats()).wal.appendErrors).toBeGreaterThan(0);
  });

  it("after the log had reached its bound, and clients were told to come again", { timeout: 120_000 }, async () => {
    collector = new FaultyCollector({ walSizeMaxBytes: 400_000 });
    await collector.start();
    const pid = await collector.storePid();
    signal(pid, "SIGSTOP");
    collector.startClients();
    await vi.waitFor(() => expect(collector.refused).toBeGreaterThan(5), within);
    signal(pid, "SIGCONT");
    await expectExactlyOnce();
  });

  it("after SIGTERM under load, which ends everything within its deadline", { timeout: 120_000 }, async () => {
    collector = new FaultyCollector();
    await collector.start();
    collector.startClients();
    await vi.waitFor(() => expect(collector.acknowledgedSpans).toBeGreaterThan(1_000), within);
    await collector.terminate();
    await collector.start();
    await expectExactlyOnce();
  });
});
