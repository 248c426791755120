import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
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

  it("have a number each, by which it is told which were applied", () => {
    const versions = readMigrations().map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)]);
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

  const retentions = () =>
    db.store.query<{ name: string; ttl: string }>(
      `SELECT name, extract(engine_full, ' TTL (.+?)(?: SETTINGS |$)') AS ttl FROM system.tables
       WHERE database = currentDatabase() AND ttl LIKE '%toIntervalDay%' ORDER BY name`,
    );

  it("change the retention when its setting changes, and nothing else", async () => {
    const before = await retentions();
    expect(before).toContainEqual({ name: "hop_keys", ttl: "(day + toIntervalDay(30)) + toIntervalDay(1)" });
    await migrate(db.store, { retentionDays: 3 });
    expect(await retentions()).toEqual(before.map(({ name, ttl }) => ({ name, ttl: ttl.replace("(30)", "(3)") })));
    await migrate(db.store, { retentionDays: 30 });
    expect(await retentions()).toEqual(before);
  });

  it("let a shorter retention free the disk of what is stored, and a longer one keep it", async () => {
    const parts = () =>
      db.store.query<{ partition: string; days: string }>(
        `SELECT partition, toString(dateDiff('day', toDate(partition), toDate(delete_ttl_info_max))) AS days
         FROM system.parts WHERE database = currentDatabase() AND table = 'spans' AND active AND rows > 0 ORDER BY partition`,
      );
    const days = ["2", "20"].map((age) => new Date(Date.now() - Number(age) * 86_400_000).toISOString().slice(0, 10));
    for (const day of days) {
      await db.store.command("INSERT INTO spans (trace_id, start_time) SELECT unhex('aa'), toDateTime64({day:String}, 9)", { day });
    }
    const [young = "", old = ""] = days;
    expect(await parts()).toEqual([{ partition: old, days: "30" }, { partition: young, days: "30" }]);
    const within = { timeout: 20_000, interval: 50 };
    await migrate(db.store, { retentionDays: 60 });
    await vi.waitFor(
      async () => expect(await parts()).toEqual([{ partition: old, days: "60" }, { partition: young, days: "60" }]),
      within,
    );
    await migrate(db.store, { retentionDays: 7 });
    await vi.waitFor(async () => expect(await parts()).toEqual([{ partition: young, days: "7" }]), within);
    await migrate(db.store, { retentionDays: 30 });
  });
});

it("statements end at a semicolon that ends a line", () => {
  expect(statements("-- a; b\nSELECT ';';\nSELECT 2;\n-- end\n")).toEqual(["-- a; b\nSELECT ';'", "SELECT 2"]);
});
