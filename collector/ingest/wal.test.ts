import { cpSync, readFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { silentLog } from "../store/log.ts";
import { spareIdleMaxMs } from "./limits.ts";
import { recordHeaderBytes } from "./segment.ts";
import { diskFiles, type WalFiles } from "./wal-files.ts";
import { Wal } from "./wal.ts";

it("what was set aside stays as it is, whatever is set aside after it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-wal-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const text of ["first", "second"]) {
    const wal = await Wal.open({ dir, log: silentLog });
    await wal.append({ payload: Buffer.from(text), rows: 1, requests: [] });
    wal.closeSegment();
    const segment = wal.first() ?? expect.fail("no segment");
    await wal.finish(segment, { damaged: true });
  }
  const kept = readdirSync(join(dir, "damaged")).map((name) => readFileSync(join(dir, "damaged", name), "latin1"));
  expect(kept).toEqual([expect.stringContaining("first"), expect.stringContaining("second")]);
});

it("a name that is no segment's is left alone", async () => {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-wal-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "0000000000000007.seg.bak"), "mine");
  const wal = await Wal.open({ dir, log: silentLog });
  expect(wal.closedSegments).toBe(0);
  expect(readFileSync(join(dir, "0000000000000007.seg.bak"), "utf8")).toBe("mine");
});

/** A log in a directory of its own, of which nothing stays. */
function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-wal-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function writeSegment(wal: Wal, texts: readonly string[]): Promise<void> {
  for (const text of texts) await wal.append({ payload: Buffer.from(text), rows: 1, requests: [] });
  wal.closeSegment();
}

async function finishAll(wal: Wal): Promise<void> {
  for (let segment = wal.first(); segment; segment = wal.first()) await wal.finish(segment, { damaged: false });
}

/** What a start finds. */
async function found(dir: string): Promise<string[]> {
  const wal = await Wal.open({ dir, log: silentLog });
  const contents = await Promise.all(wal.segments().map((segment) => wal.read(segment)));
  await wal.close();
  return contents.flatMap(({ records }) => records.map(({ payload }) => Buffer.from(payload).toString()));
}

it("a file is written over once its segment is loaded, and what it held before never comes back", async () => {
  const dir = newDir();
  const wal = await Wal.open({ dir, log: silentLog });
  await writeSegment(wal, ["old 1", "old 2", "old 3"]);
  await finishAll(wal);
  const [spare = ""] = readdirSync(dir).filter((name) => name.endsWith(".spare"));
  const { ino, size } = statSync(join(dir, spare));
  expect(wal.spareBytes).toBe(size);
  await writeSegment(wal, ["new 1"]);
  const path = wal.first()?.path ?? expect.fail("no segment");
  await wal.first()?.fileBytes;
  expect(statSync(path)).toMatchObject({ ino, size });
  expect(readFileSync(path, "latin1")).toContain("old 2");
  expect(await found(dir)).toEqual(["new 1"]);
});

it("a start after a kill finds what was acknowledged, and removes files that hold nothing", async () => {
  const dir = newDir();
  const wal = await Wal.open({ dir, log: silentLog, readyFromBytes: 1 });
  await writeSegment(wal, ["old 1", "old 2"]);
  await writeSegment(wal, ["old 3", "old 4"]);
  await finishAll(wal);
  await wal.append({ payload: Buffer.from("new 1"), rows: 1, requests: [] });
  // The next file is ready soon after: it has the old content and its own header.
  await vi.waitFor(() => expect(readdirSync(dir).filter((name) => name.endsWith(".seg"))).toHaveLength(2));
  const left = newDir();
  cpSync(dir, left, { recursive: true });
  writeFileSync(join(left, "0000000000000099.spare"), "whatever");
  expect(await found(left)).toEqual(["new 1"]);
  expect(readdirSync(left).filter((name) => name.endsWith(".spare"))).toEqual([]);
  expect(readdirSync(left).filter((name) => name.endsWith(".seg"))).toHaveLength(1);
  await wal.close();
});

it("a minute after the last segment nothing is left of what is loaded, and the next goes on", async () => {
  const dir = newDir();
  const wal = await Wal.open({ dir, log: silentLog, readyFromBytes: 1 });
  for (const text of ["1", "2", "3"]) await writeSegment(wal, [text]);
  await finishAll(wal);
  const now = performance.now();
  await wal.tidy(true, now);
  expect(wal.spareBytes).toBeGreaterThan(0);
  await wal.tidy(true, now + spareIdleMaxMs + 10_000);
  expect(readdirSync(dir)).toEqual(["damaged"]);
  await writeSegment(wal, ["4"]);
  await wal.close();
  expect(await found(dir)).toEqual(["4"]);
});

it("a log that is closed keeps no file to write over", async () => {
  const dir = newDir();
  const wal = await Wal.open({ dir, log: silentLog });
  await writeSegment(wal, ["1"]);
  await finishAll(wal);
  await writeSegment(wal, ["2"]);
  await wal.close();
  await finishAll(wal);
  expect(readdirSync(dir)).toEqual(["damaged"]);
});

it("no file is written over before its segment's end is written", async () => {
  const dir = newDir();
  let write: (() => void) | undefined;
  const untilWritten = new Promise<void>((settle) => (write = settle));
  const files: WalFiles = {
    ...diskFiles,
    create: async (path, head) => {
      const file = await diskFiles.create(path, head);
      const isEnd = (parts: readonly Uint8Array[]) => parts[0]?.byteLength === recordHeaderBytes && parts.length === 1;
      return {
        ...file,
        append: async (parts) => {
          if (isEnd(parts)) await untilWritten;
          await file.append(parts);
        },
      };
    },
  };
  const wal = await Wal.open({ dir, log: silentLog, files });
  await writeSegment(wal, ["old"]);
  const finished = finishAll(wal);
  await writeSegment(wal, ["new"]);
  expect(wal.spareBytes).toBe(0);
  write?.();
  await finished;
  expect(wal.spareBytes).toBeGreaterThan(0);
  await wal.close();
});

it("what is behind the end of a failed write is not written over", async () => {
  const dir = newDir();
  let failing = false;
  const files: WalFiles = {
    ...diskFiles,
    create: async (path, head) => {
      const file = await diskFiles.create(path, head);
      return { ...file, sync: () => (failing ? Promise.reject(new Error("EIO")) : file.sync()) };
    },
  };
  const wal = await Wal.open({ dir, log: silentLog, files });
  await wal.append({ payload: Buffer.from("1"), rows: 1, requests: [] });
  failing = true;
  await expect(wal.append({ payload: Buffer.from("2"), rows: 1, requests: [] })).rejects.toThrow("EIO");
  await finishAll(wal);
  expect(wal.spareBytes).toBe(0);
  expect(readdirSync(dir)).toEqual(["damaged"]);
});

it("a record of a closed segment that is not whole is damage, though the segment's end is gone as well", async () => {
  const dir = newDir();
  const wal = await Wal.open({ dir, log: silentLog });
  await writeSegment(wal, ["1", "2"]);
  await writeSegment(wal, ["3", "4"]);
  await wal.close();
  for (const { path } of wal.segments()) {
    const bytes = readFileSync(path);
    bytes.fill("?", bytes.length - recordHeaderBytes - 1);
    writeFileSync(path, bytes);
  }
  const after = await Wal.open({ dir, log: silentLog });
  // Of the last one nobody can say that its record was ever durable.
  expect(after.counts).toMatchObject({ tornTails: 1 });
  const contents = await Promise.all(after.segments().map((segment) => after.read(segment)));
  expect(contents.map(({ records, tailBytes }) => [records.length, tailBytes > 0])).toEqual([
    [1, true],
    [1, false],
  ]);
});
