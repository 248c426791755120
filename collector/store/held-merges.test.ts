import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { silentLog } from "./log.ts";
import { openStore } from "./open-store.ts";

it("merges nothing but spans while merges wait, and everything after that", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-held-merges-"));
  const { store, close } = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog });
  onTestFinished(async () => {
    await close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const merge = (table: string) => store.command(`OPTIMIZE TABLE ${table} FINAL`);
  const partsOf = async (table: string) =>
    (await store.query("SELECT 1 FROM system.parts WHERE active AND table = {table:String}", { table })).length;
  await store.holdMerges?.(true);
  for (const trace of ["a", "b"]) {
    await store.command(
      "INSERT INTO spans (trace_id, start_time) SELECT toFixedString({trace:String}, 16), toStartOfDay(now64(9))",
      { trace },
    );
  }
  await expect(merge("trace_index")).rejects.toThrow("Cancelled merging parts");
  await merge("spans");
  expect([await partsOf("spans"), await partsOf("trace_index")]).toEqual([1, 2]);

  await store.holdMerges?.(false);
  await merge("trace_index");
  expect(await partsOf("trace_index")).toBe(1);
});
