import { readFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { silentLog } from "../store/log.ts";
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
