import { expect, it } from "vitest";
import { ForgetfulDisk } from "../../test/support/forgetful-disk.ts";
import { silentLog } from "../store/log.ts";
import { spareFilesMax } from "./limits.ts";
import { SpareFiles } from "./spare-files.ts";

const mib = 1024 * 1024;

/** Keeps files of these sizes, each of which its segment filled, up to 100 MiB. */
async function keeping(...sizesMib: readonly number[]) {
  const disk = new ForgetfulDisk();
  const spares = new SpareFiles({ files: disk, log: silentLog, sizeMaxBytes: 100 * mib });
  let number = 0;
  const keep = async (sizeMib: number, usedMib = sizeMib) => {
    const path = `/wal/${String((number += 1)).padStart(16, "0")}.seg`;
    await disk.create(path);
    await spares.keep({ path, sizeBytes: sizeMib * mib }, usedMib * mib);
  };
  for (const size of sizesMib) await keep(size);
  return { disk, spares, keep, names: () => disk.list("/wal") };
}

it("the largest file is written over first, so that files seldom grow", async () => {
  const { spares } = await keeping(3, 40, 7);
  expect(Array.from({ length: 4 }, () => spares.take()?.sizeBytes)).toEqual([40 * mib, 7 * mib, 3 * mib, undefined]);
});

it.for([
  { name: "by bytes", sizes: [60, 60, 30, 30], kept: 90 },
  { name: "by number", sizes: Array.from({ length: spareFilesMax + 3 }, () => 2), kept: 2 * spareFilesMax },
])("what is kept is bounded $name, and the rest removed", async ({ sizes, kept }) => {
  const { spares, names } = await keeping(...sizes);
  expect(spares.sizeBytes).toBe(kept * mib);
  expect(await names()).toHaveLength(spares.count);
});

it("a large file goes once segments are small, and small files stay", async () => {
  const { spares, keep, names } = await keeping();
  await keep(40, 4);
  expect(await names()).toEqual([]);
  await keep(40, 5);
  await keep(0.9, 0.001);
  expect(spares.count).toBe(2);
});

it("nothing is kept while the disk has no room, nor after the log was closed", async () => {
  const { spares, keep, names } = await keeping(4, 5);
  await spares.tidy(false);
  await keep(4);
  expect(await names()).toEqual([]);
  await spares.tidy(true);
  await keep(4);
  expect(await names()).toHaveLength(1);
  await spares.close();
  await keep(4);
  expect(await names()).toEqual([]);
});

it("a file that somebody removed meanwhile is nobody's", async () => {
  const { spares } = await keeping();
  await spares.keep({ path: "/wal/0000000000000009.seg", sizeBytes: mib }, mib);
  expect(spares.count).toBe(0);
});
