import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { silentLog } from "../store/log.ts";
import { StoreError, type Store } from "../store/store.ts";
import { Loader } from "./loader.ts";
import { RecentRequests } from "./recent-requests.ts";
import { Wal } from "./wal.ts";

interface Insert {
  /** What the segment holds. */
  readonly text: string;
  readonly take: () => void;
  readonly fail: () => void;
}

/** A loader of as many closed segments as there are texts, into a store that answers when the test says so. */
async function loaderOf(texts: readonly string[]) {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-loader-"));
  const wal = await Wal.open({ dir, log: silentLog });
  for (const text of texts) {
    await wal.append({ payload: Buffer.from(text), rows: 1, requests: [] });
    await wal.closeSegment();
  }
  const inserts: Insert[] = [];
  const insertNative = (_table: string, [block = Buffer.alloc(0)]: readonly Uint8Array[]) =>
    new Promise<void>((take, fail) => {
      const refuse = () => fail(new StoreError("memory limit exceeded", { retryable: true, code: 241 }));
      inserts.push({ text: Buffer.from(block).toString(), take, fail: refuse });
    });
  const store = { insertNative } as Partial<Store> as Store;
  const recent = await RecentRequests.open(join(dir, "requests"));
  const loader = new Loader({ wal, store, recent, table: "spans", log: silentLog });
  onTestFinished(async () => {
    for (const { fail } of inserts) fail();
    await loader.stop();
  });
  loader.wake();
  return {
    loader,
    insertOf: (text: string) =>
      vi.waitFor(() => inserts.findLast((insert) => insert.text === text) ?? expect.fail(`no insert of ${text}`)),
    texts: () => inserts.map(({ text }) => text),
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
