import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { migrate, readMigrations, statements } from "./migrations.ts";
import { prepareDatabase } from "./open-store.ts";

describe("migrations", () => {
  let db: TestStore;
  beforeAll(async () => {
    db = await createTestStore({ retentionDays: 30 });
  });
  afterAll(() => db.close());

  it("apply once, however often and however many collectors start", async () => {
    const again = () => prepareDatabase(() => db.endpoint, { database: db.database, retentionDays: 30 });
    await Promise.all([again(), again(), again()]);
    const rows = await db.store.query<{ file_name: string }>(
      "SELECT file_name FROM schema_migrations FINAL ORDER BY version",
    );
    expect(rows.map((row) => row.file_name)).toEqual(readMigrations().map((migration) => migration.fileName));
  });

  it("refuse a file that was changed after it was applied, by its name", async () => {
    const [first, ...rest] = readMigrations();
    if (!first) throw new Error("no migrations");
    const migrations = [{ ...first, checksum: "another" }, ...rest];
    await expect(migrate(db.store, { retentionDays: 30, migrations })).rejects.toThrow(first.fileName);
  });

  it("give every table that ingest fills a retention and a deduplication window", async () => {
    const tables = await db.store.query<{ name: string; engine_full: string }>(
      `SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND (name = 'spans' OR name IN (
         SELECT extract(create_table_query, ' TO [^ .]+\\.(\\w+)') FROM system.tables
         WHERE database = currentDatabase() AND engine = 'MaterializedView' AND as_select LIKE '%.spans%'))`,
    );
    expect(tables.length).toBeGreaterThan(4);
    for (const { engine_full } of tables) {
      expect(engine_full).toMatch(/ TTL .*toIntervalDay\(30\)/);
      expect(engine_full).toMatch(/non_replicated_deduplication_window = \d{5,}/);
    }
  });

  it("change the retention when its setting changes", async () => {
    await migrate(db.store, { retentionDays: 3 });
    const [row] = await db.store.query<{ days: string }>(
      `SELECT toString(groupUniqArray(extract(engine_full, 'toIntervalDay\\\\((\\\\d+)\\\\)'))) AS days
       FROM system.tables WHERE database = currentDatabase() AND engine_full LIKE '%toIntervalDay%'`,
    );
    expect(row?.days).toBe("['3']");
    await migrate(db.store, { retentionDays: 30 });
  });
});

it("statements end at a semicolon that ends a line", () => {
  expect(statements("-- a; b\nSELECT ';';\nSELECT 2;\n-- end\n")).toEqual(["-- a; b\nSELECT ';'", "SELECT 2"]);
});
