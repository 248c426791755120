import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { readExposition } from "../../test/support/exposition.ts";
import { encodeOtlp, type OtlpJson } from "../../test/support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { silentLog } from "../store/log.ts";
import { StoreError, type Store } from "../store/store.ts";
import { ingestMetrics } from "./ingest-metrics.ts";
import { kernelMemoryKeptMaxBytes } from "./limits.ts";
import { openReceiver, type Receiver } from "./receive.ts";
import type { ReceiverLimits } from "./receiver-limits.ts";
import { REFUSAL_REASONS, REJECTION_REASONS } from "./refusal-reasons.ts";
import { diskFiles, type WalFiles } from "./wal-files.ts";

/** How long a condition may take on a machine that does much else at the same time, ms. */
const patienceMs = 20_000;
const within = { timeout: patienceMs, interval: 25 };

vi.setConfig({ testTimeout: 60_000 });

let db: TestStore;
let dataDir: string;
const open = new Set<Receiver>();
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-receive-"));
  await db.store.command("TRUNCATE TABLE spans");
});
afterEach(async () => {
  for (const receiver of open) await receiver.close();
  open.clear();
  await rm(dataDir, { recursive: true, force: true });
});

async function receive(limits?: ReceiverLimits, { store = db.store, files = diskFiles } = {}): Promise<Receiver> {
  const receiver = await openReceiver({ store, dataDir, retentionDays: 30, log: silentLog, limits, files });
  open.add(receiver);
  return receiver;
}

let nextSpan = 1;
function requestOf(spans: number): OtlpJson {
  const now = BigInt(Date.now()) * 1_000_000n;
  const one = () => ({
    traceId: "a".repeat(32),
    spanId: (nextSpan++).toString(16).padStart(16, "0"),
    name: "work",
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1n),
  });
  return { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: spans }, one) }] }] };
}
const bodyOf = (spans: number) => encodeOtlp("ExportTraceServiceRequest", requestOf(spans));

async function storedCount(): Promise<number> {
  const [row] = await db.store.query<{ spans: string; ids: string }>("SELECT count() AS spans, uniqExact(span_id) AS ids FROM spans");
  expect(row?.ids).toBe(row?.spans);
  return Number(row?.spans);
}

/** A store that refuses inserts until told otherwise. */
function brokenStore(): { store: Store; repair(): void } {
  let broken = true;
  const store: Store = {
    ...db.store,
    insertNative: (table, blocks, token) =>
      broken
        ? Promise.reject(new StoreError("Memory limit exceeded", { retryable: true, code: 241 }))
        : db.store.insertNative(table, blocks, token),
  };
  return { store, repair: () => (broken = false) };
}

/** A store whose inserts wait until told otherwise. */
function waitingStore(): { store: Store; takeAll(): void } {
  let takeAll = (): void => undefined;
  const untilTaken = new Promise<void>((settle) => (takeAll = settle));
  const insertNative: Store["insertNative"] = (...args) => untilTaken.then(() => db.store.insertNative(...args));
  return { store: { ...db.store, insertNative }, takeAll };
}

describe("the receiver", () => {
  it("makes acknowledged spans readable soon after", async () => {
    const receiver = await receive();
    await receiver.receiveTraces(bodyOf(3), "protobuf");
    await vi.waitFor(async () => expect(await storedCount()).toBe(3), within);
  });

  it("makes them readable while requests never pause", async () => {
    const receiver = await receive({ segmentAgeMaxMs: 20 });
    let sending = true;
    const sendOn = async () => {
      while (sending) await receiver.receiveTraces(bodyOf(1), "protobuf");
    };
    const senders = [sendOn()];
    // The second comes in while the commit of the first is under way, and so on for ever.
    await vi.waitFor(() => expect(receiver.stats().commits).toBeGreaterThan(0), { ...within, interval: 0 });
    senders.push(sendOn(), sendOn());
    await vi.waitFor(() => expect(receiver.stats().load.segments).toBeGreaterThan(1), within);
    sending = false;
    await Promise.all(senders);
    // What is still on its way would come into the next test's table.
    await receiver.close(within.timeout);
  });

  it("counts a request once, however often a client repeats it, at once, later, or after a restart", async () => {
    const body = bodyOf(2);
    const before = await receive();
    await Promise.all([before.receiveTraces(body, "protobuf"), before.receiveTraces(body, "protobuf")]);
    await vi.waitFor(async () => expect(await storedCount()).toBe(2), within);
    await expect(before.receiveTraces(body, "protobuf")).resolves.toMatchObject({ accepted: 2 });
    await before.close();
    const after = await receive();
    await after.receiveTraces(body, "protobuf");
    await after.receiveTraces(bodyOf(1), "protobuf");
    await after.close(within.timeout);
    expect(await storedCount()).toBe(3);
    expect(before.stats().repeats).toBe(2);
    expect(after.stats().repeats).toBe(1);
  });

  it("keeps the good neighbours of a span that cannot be kept, and says why", async () => {
    const receiver = await receive();
    const good = requestOf(3) as { resourceSpans: [{ scopeSpans: [{ spans: OtlpJson[] }] }] };
    const { spans } = good.resourceSpans[0].scopeSpans[0];
    spans.splice(1, 0, { ...spans[0], traceId: "0".repeat(32) }, { ...spans[0], spanId: "abcd" });
    const answer = await receiver.receiveTraces(encodeOtlp("ExportTraceServiceRequest", good), "protobuf");
    expect(answer).toEqual({
      accepted: 3,
      rejected: 2,
      rejectMessage: "trace_id is all zero; span_id has 2 bytes, not 8",
    });
    await receiver.close(within.timeout);
    expect(await storedCount()).toBe(3);
  });

  it("takes nothing of a malformed request, and everything of its neighbours in time", async () => {
    const receiver = await receive();
    const results = await Promise.allSettled([
      receiver.receiveTraces(bodyOf(2), "protobuf"),
      receiver.receiveTraces(bodyOf(2).subarray(0, -3), "protobuf"),
      receiver.receiveTraces(bodyOf(2), "protobuf"),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await receiver.close(within.timeout);
    expect(await storedCount()).toBe(4);
  });

  it("takes a request of more spans than a block has rows", async () => {
    const receiver = await receive();
    await Promise.all([20_000, 5, 40_000].map((spans) => receiver.receiveTraces(bodyOf(spans), "protobuf")));
    await receiver.close(within.timeout);
    expect(await storedCount()).toBe(60_005);
  });

  it("keeps what the store does not take, loads it when it does, and after a restart, too", async () => {
    const { store } = brokenStore();
    const before = await receive({}, { store });
    await before.receiveTraces(bodyOf(4), "protobuf");
    await vi.waitFor(() => expect(before.stats().load.retries).toBeGreaterThan(1), within);
    await before.close(100);
    expect(await storedCount()).toBe(0);
    const after = await receive();
    await after.receiveTraces(bodyOf(1), "protobuf");
    await vi.waitFor(async () => expect(await storedCount()).toBe(5), within);
  });

  it("refuses with 503 before the log is full, and takes again once the store does", async () => {
    const { store, repair } = brokenStore();
    const receiver = await receive({ walSizeMaxBytes: 20_000 }, { store });
    let taken = 0;
    await expect(async () => {
      for (;;) {
        await receiver.receiveTraces(bodyOf(10), "protobuf");
        taken += 10;
      }
    }).rejects.toMatchObject({ httpStatus: 503, retryAfterS: 2, reason: "wal-full" });
    repair();
    await vi.waitFor(() => receiver.receiveTraces(bodyOf(10), "protobuf"), within);
    await vi.waitFor(async () => expect(await storedCount()).toBe(taken + 10), within);
  });

  it("refuses with 503 where the disk has no room, without having written", async () => {
    const receiver = await receive({ diskFreeMinBytes: Number.MAX_SAFE_INTEGER });
    await expect(receiver.receiveTraces(bodyOf(1), "protobuf")).rejects.toMatchObject({ httpStatus: 503, reason: "disk-full" });
  });

  it("answers 503 where the disk fails, and takes the next request", async () => {
    let failing = true;
    const files: WalFiles = {
      ...diskFiles,
      create: async (path, head) => {
        const file = await diskFiles.create(path, head);
        return { ...file, sync: () => (failing && path.endsWith(".seg") ? Promise.reject(new Error("EIO")) : file.sync()) };
      },
    };
    const receiver = await receive({}, { files });
    const body = bodyOf(2);
    await expect(receiver.receiveTraces(body, "protobuf")).rejects.toMatchObject({ httpStatus: 503, reason: "disk-error" });
    failing = false;
    await receiver.receiveTraces(body, "protobuf");
    await receiver.close(within.timeout);
    expect(await storedCount()).toBe(2);
  });

  it("loads what comes during an insert beside it, and all that comes during both as one", async () => {
    const { store, takeAll } = waitingStore();
    const receiver = await receive({ segmentAgeMaxMs: 20 }, { store });
    await receiver.receiveTraces(bodyOf(1), "protobuf");
    await vi.waitFor(() => expect(receiver.stats().walSegments).toBe(1), within);
    await receiver.receiveTraces(bodyOf(1), "protobuf");
    await vi.waitFor(() => expect(receiver.stats().walSegments).toBe(2), within);
    await receiver.receiveTraces(bodyOf(1), "protobuf");
    // Long after its segment would have been closed.
    await vi.waitFor(() => expect(receiver.stats().lagS).toBeGreaterThan(0.2), within);
    await receiver.receiveTraces(bodyOf(1), "protobuf");
    takeAll();
    await vi.waitFor(() => expect(receiver.stats().load).toMatchObject({ spans: 4, segments: 3 }), within);
    expect(await storedCount()).toBe(4);
  });

  it("makes spans readable soon after, though the clock was set back by an hour meanwhile", async () => {
    const { store, takeAll } = waitingStore();
    const receiver = await receive({ segmentAgeMaxMs: 20 }, { store });
    for (const segments of [1, 2]) {
      await receiver.receiveTraces(bodyOf(1), "protobuf");
      await vi.waitFor(() => expect(receiver.stats().walSegments).toBe(segments), within);
    }
    await receiver.receiveTraces(bodyOf(1), "protobuf");
    const setBack = Date.now() - 3_600_000;
    const clock = vi.spyOn(Date, "now").mockReturnValue(setBack);
    onTestFinished(() => clock.mockRestore());
    // The segment of the third waits for those before, and when it is due is looked at again meanwhile.
    await vi.waitFor(() => expect(receiver.stats().lagS).toBeGreaterThan(0.2), within);
    takeAll();
    clock.mockRestore();
    await vi.waitFor(async () => expect(await storedCount()).toBe(3), within);
  });

  it("starts and goes on past a segment that the disk does not give back, and keeps it", async () => {
    const { store } = brokenStore();
    const before = await receive({}, { store });
    await before.receiveTraces(bodyOf(4), "protobuf");
    await before.close(100);
    const files: WalFiles = {
      ...diskFiles,
      read: (path) => (path.endsWith(".seg") ? Promise.reject(new Error("EIO: i/o error")) : diskFiles.read(path)),
    };
    const after = await receive({}, { files });
    expect(after.stats().wal.damagedSegments).toBe(1);
    await after.receiveTraces(bodyOf(1), "protobuf");
    await vi.waitFor(async () => expect(await storedCount()).toBe(1), within);
    await after.close();
    const [aside = ""] = await readdir(join(dataDir, "wal", "damaged"));
    await rename(join(dataDir, "wal", "damaged", aside), join(dataDir, "wal", aside));
    await receive();
    await vi.waitFor(async () => expect(await storedCount()).toBe(5), within);
  });

  it("says what it did in the Prometheus format", async () => {
    const receiver = await receive();
    await receiver.receiveTraces(bodyOf(3), "protobuf");
    receiver.countRefused("malformed");
    const values = readExposition(ingestMetrics(receiver));
    expect(values.get("hopscope_ingest_spans_total")).toBe(3);
    expect(values.get('hopscope_ingest_refused_requests_total{reason="malformed"}')).toBe(1);
  });

  it("counts the spans that it left out by reason, and what it says of the others once", async () => {
    const receiver = await receive();
    const deep = (levels: number): OtlpJson =>
      levels === 0 ? { stringValue: "deep" } : { arrayValue: { values: [deep(levels - 1)] } };
    const badSpans = [{ spanId: "abcd" }, { spanId: "00".repeat(8) }, { attributes: [{ key: "deep", value: deep(60) }] }];
    const mixed = requestOf(1) as { resourceSpans: [{ scopeSpans: [{ spans: OtlpJson[] }] }] };
    const { spans } = mixed.resourceSpans[0].scopeSpans[0];
    spans[0] = { ...spans[0], startTimeUnixNano: "1" };
    const good = spans[0];
    for (const bad of badSpans) spans.push({ ...good, ...bad });
    const send = () => receiver.receiveTraces(Buffer.from(JSON.stringify(mixed)), "json");
    await send();
    spans.push({ ...good, kind: "SPAN_KIND_SERVER" }, { ...good, name: "another" });
    await send();
    await send();
    const values = readExposition(ingestMetrics(receiver));
    const rejected = (reason: string) => values.get(`hopscope_ingest_rejected_spans_total{reason="${reason}"}`);
    expect({ id: rejected("id"), depth: rejected("depth"), malformed: rejected("malformed") }).toEqual({
      id: 4,
      depth: 2,
      malformed: 1,
    });
    expect(values.get("hopscope_ingest_wild_clock_spans_total")).toBe(3);
  });

  it("has every reason in /metrics from the start on, and each is explained to operators", async () => {
    const text = ingestMetrics(await receive());
    const page = readFileSync(new URL("../../docs/operations/ingestion.md", import.meta.url), "utf8");
    for (const [family, reasons] of [
      ["rejected_spans", REJECTION_REASONS],
      ["refused_requests", REFUSAL_REASONS],
    ] as const) {
      for (const reason of reasons) {
        expect(text).toContain(`hopscope_ingest_${family}_total{reason="${reason}"} 0\n`);
        expect(page).toMatch(new RegExp(`^\\| .*\`${family}_total\`.*\\| .*\`${reason}\`.*\\|`, "m"));
      }
    }
  });

  it("gives the memory of a large request back, and goes on as before", async () => {
    const receiver = await receive();
    await receiver.receiveTraces(bodyOf(2), "protobuf");
    const large = requestOf(40) as { resourceSpans: [{ scopeSpans: [{ spans: OtlpJson[] }] }] };
    for (const span of large.resourceSpans[0].scopeSpans[0].spans) {
      span["attributes"] = [{ key: "page", value: { stringValue: "x".repeat(1024 * 1024) } }];
    }
    const answer = receiver.receiveTraces(encodeOtlp("ExportTraceServiceRequest", large), "protobuf");
    expect(receiver.stats().kernelBytes).toBeGreaterThan(kernelMemoryKeptMaxBytes);
    await answer;
    await vi.waitFor(() => expect(receiver.stats().kernelBytes).toBeLessThan(kernelMemoryKeptMaxBytes), within);
    await receiver.receiveTraces(bodyOf(3), "protobuf");
    await receiver.close(within.timeout);
    expect(await storedCount()).toBe(45);
    expect(receiver.stats()).toMatchObject({ spans: 45, requests: 3 });
  });

  it("leaves no file behind but the requests it remembers", async () => {
    const receiver = await receive();
    await receiver.receiveTraces(bodyOf(1), "protobuf");
    await receiver.close(within.timeout);
    expect((await readdir(join(dataDir, "wal"))).filter((name) => name.endsWith(".seg"))).toEqual([]);
  });
});

it("nothing acknowledged is lost or doubled when the process is killed at any moment", async () => {
  const acknowledged = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, [fileURLToPath(new URL("./receive-child.ts", import.meta.url)), dataDir, db.clickhouseUrl, db.database], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await acknowledgements(child, acknowledged, 40 + round * 60);
  }
  const receiver = await receive();
  await vi.waitFor(() => expect(receiver.stats().walSegments).toBe(0), within);
  await receiver.close();
  const rows = await db.store.query<{ id: string; copies: string }>(
    "SELECT lower(hex(span_id)) AS id, count() AS copies FROM spans GROUP BY span_id",
  );
  expect(rows.filter((row) => row.copies !== "1")).toEqual([]);
  const stored = new Set(rows.map((row) => row.id));
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(100);
});

/** Gathers the span ids that the child says were acknowledged, and kills it after so many. */
async function acknowledgements(child: ChildProcess, ids: Set<string>, count: number): Promise<void> {
  if (!child.stdout) throw new Error("the child has no output");
  const exited = once(child, "exit");
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    ids.add(line);
    seen += 1;
    if (seen === count) child.kill("SIGKILL");
  }
  await exited;
}

it("the log says once that spans are refused and why, and once that they are taken again", async () => {
  const told: string[] = [];
  const note = (_: object, message: string) => void told.push(message);
  let freeBytes = 0;
  const files: WalFiles = { ...diskFiles, freeBytes: async () => freeBytes };
  const log = { ...silentLog, info: note, warn: note };
  const receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log, files });
  open.add(receiver);
  expect(told).toEqual(["spans are refused (503): the disk is full"]);
  for (let refused = 0; refused < 3; refused += 1) expect(() => receiver.admit()).toThrow("the disk is full");
  freeBytes = 1024 ** 4;
  await vi.waitFor(() => expect(told).toHaveLength(2), within);
  expect(told[1]).toBe("spans are taken again");
  receiver.admit();
});
