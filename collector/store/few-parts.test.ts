import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const partsOf = async (table: string) => {
  const parts = await db.store.query<{ rows: string }>(
    "SELECT rows FROM system.parts WHERE active AND database = currentDatabase() AND table = {table:String} ORDER BY rows",
    { table },
  );
  return parts.map(({ rows }) => Number(rows));
};

it.for(["hop_keys", "trace_index"])("has one part of %s to search of what is older than an hour", async (table) => {
  const [set] = await db.store.query<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
    { table },
  );
  // Else it would wait for an hour in which nothing comes.
  expect(set?.engine).toContain("min_age_to_force_merge_on_partition_only = 0");
  expect(set?.engine).toContain("min_age_to_force_merge_seconds = 3600");
  await db.store.command(`TRUNCATE TABLE ${table}`);
  for (const trace of ["a", "b"]) {
    await db.store.command(
      `INSERT INTO spans (trace_id, start_time, message_keys)
       SELECT toFixedString({trace:String}, 16), now64(9) - toIntervalDay(14), [{trace:String}]`,
      { trace },
    );
  }
  expect(await partsOf(table)).toEqual([1, 1]);
  // Not a table's own hour: what the server then does is what counts.
  await db.store.command(`ALTER TABLE ${table} MODIFY SETTING min_age_to_force_merge_seconds = 1`);
  await db.store.command(`SYSTEM START MERGES ${table}`);
  await expect.poll(() => partsOf(table), { timeout: 60_000, interval: 200 }).toEqual([2]);
});
