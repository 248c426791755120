import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { silentLog } from "../store/log.ts";
import { StoreError, type Store } from "../store/store.ts";
import { Loader } from "./loader.ts";
import { RecentRequests } from "./recent-requests.ts";
import { diskFiles, type WalFiles } from "./wal-files.ts";
import { Wal } from "./wal.ts";

interface Insert {
  /** What the segment holds. */
  readonly text: string;
  readonly take: () => void;
  readonly fail: () => void;
}

/** A loader of as many closed segments as there are texts, into a store that answers when the test says so. */
async function loaderOf(texts: readonly string[], { files = diskFiles, isRestarted = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-loader-"));
  const before = await Wal.open({ dir, log: silentLog, files });
  for (const text of texts) {
    await before.append({ payload: Buffer.from(text), rows: 1, requests: [] });
    before.closeSegment();
  }
  const wal = isRestarted ? await Wal.open({ dir, log: silentLog, files }) : before;
  const inserts: Insert[] = [];
  const insertNative = (_table: string, [block = Buffer.alloc(0)]: readonly Uint8Array[]) =>
    new Promise<void>((take, fail) => {
      const refuse = () => fail(new StoreError("memory limit exceeded", { retryable: true, code: 241 }));
      inserts.push({ text: Buffer.from(block).toString(), take, fail: refuse });
    });
  const held: boolean[] = [];
  const holdMerges = (isHeld: boolean) => Promise.resolve(void held.push(isHeld));
  const store = { insertNative, holdMerges } as Partial<Store> as Store;
  const recent = await RecentRequests.open(join(dir, "requests"));
  const loader = new Loader({ wal, store, recent, table: "spans", log: silentLog });
  onTestFinished(async () => {
    for (const { fail } of inserts) fail();
    await loader.stop();
  });
  loader.wake();
  return {
    loader,
    held,
    insertOf: (text: string) =>
      vi.waitFor(() => inserts.findLast((insert) => insert.text === text) ?? expect.fail(`no insert of ${text}`)),
    texts: () => inserts.map(({ text }) => text),
    setAside: () => readdirSync(join(dir, "damaged")),
    remove: (name: string) => rmSync(join(dir, name)),
    segmentsOnDisk: () => readdirSync(dir).filter((name) => name.endsWith(".seg")).length,
  };
}

it("inserts two segments at a time, and lets none go before those before it", async () => {
  const { loader, insertOf, texts, segmentsOnDisk } = await loaderOf(["a", "b", "c"]);
  (await insertOf("b")).take();
  await new Promise((settle) => setImmediate(settle));
  expect(texts()).toEqual(["a", "b"]);
  expect(segmentsOnDisk()).toBe(3);

  (await insertOf("a")).take();
  await insertOf("c");
  await vi.waitFor(() => expect(segmentsOnDisk()).toBe(1));
  expect(loader.counts).toMatchObject({ spans: 2, segments: 2, retries: 0 });
});

it("lets merges wait once a segment had to wait for an insert, until all are done", async () => {
  const { held, insertOf } = await loaderOf(["a", "b", "c"]);
  const [first, second] = [await insertOf("a"), await insertOf("b")];
  expect(held).toEqual([]);
  first.take();
  (await insertOf("c")).take();
  expect(held).toEqual([true]);
  second.take();
  await vi.waitFor(() => expect(held).toEqual([true, false]));
});

it("inserts one at a time where the store refused, until it takes one", async () => {
  const { loader, insertOf, texts } = await loaderOf(["a", "b", "c"]);
  const [first, second] = [await insertOf("a"), await insertOf("b")];
  second.fail();
  first.fail();
  await vi.waitFor(() => expect(texts()).toEqual(["a", "b", "a"]));
  expect(loader.lastError).toContain("memory limit");

  (await insertOf("a")).take();
  await vi.waitFor(() => expect(texts().slice(3).toSorted()).toEqual(["b", "c"]));
  (await insertOf("b")).take();
  (await insertOf("c")).take();
  await vi.waitFor(() => expect(loader.counts).toMatchObject({ spans: 3, retries: 2 }));
});

it("sets aside a segment that the disk does not give back any more, and inserts those after it", async () => {
  let reads = 0;
  const files: WalFiles = {
    ...diskFiles,
    read(path) {
      if (path.includes("1.seg")) reads += 1;
      // The first is that of the start.
      return path.includes("1.seg") && reads > 1 ? Promise.reject(new Error("EIO")) : diskFiles.read(path);
    },
  };
  const { loader, insertOf, texts, setAside, segmentsOnDisk } = await loaderOf(["a", "b"], { files, isRestarted: true });
  (await insertOf("b")).take();
  await vi.waitFor(() => expect(segmentsOnDisk()).toBe(0), { timeout: 20_000 });
  expect(setAside()).toEqual(["0000000000000001.seg"]);
  expect(reads).toBeGreaterThan(2);
  expect(texts()).toEqual(["b"]);
  expect(loader.lastError).toBeUndefined();
}, 30_000);

it("inserts once what it has in memory, though somebody removes its file meanwhile", async () => {
  const { loader, insertOf, texts, remove } = await loaderOf(["a", "b"]);
  const first = await insertOf("a");
  remove("0000000000000001.seg");
  first.take();
  (await insertOf("b")).take();
  await vi.waitFor(() => expect(loader.counts).toMatchObject({ spans: 2, segments: 2, retries: 0 }));
  expect(texts()).toEqual(["a", "b"]);
});
