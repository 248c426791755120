import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { clustered } from "./cluster-sql.ts";
import { readMigrations, statements } from "./migrations.ts";

const all = readMigrations().flatMap(({ fileName, sql }) =>
  statements(sql).map((statement) => ({ fileName, statement: statement.replaceAll("{{retention_days}}", "30") })),
);

describe("the clustered form of the migrations", () => {
  let db: TestStore;
  beforeAll(async () => {
    db = await createTestStore();
  });
  afterAll(() => db.close());

  it.for(all)("is SQL that ClickHouse parses: $fileName, $statement", async ({ statement }) => {
    for (const one of clustered(statement, "main")) {
      const [row] = await db.store.query<{ text: string }>("SELECT formatQuery({sql:String}) AS text", { sql: one });
      expect(row?.text).toContain("ON CLUSTER");
    }
  });

  it("replicates every table, keeps its retention and its window, and puts a distributed one over it", () => {
    const tables = all.flatMap(({ statement }) => (/CREATE TABLE/.test(statement) ? [clustered(statement, "main")] : []));
    expect(tables.length).toBeGreaterThan(8);
    for (const [local = "", distributed = ""] of tables) {
      const name = /EXISTS (\w+)_local ON CLUSTER/.exec(local)?.[1] ?? "";
      expect(local).toMatch(/ENGINE = Replicated\w*MergeTree\('[^']+', '\{replica\}'/);
      expect(local).not.toContain("non_replicated");
      expect(distributed).toMatch(new RegExp(`EXISTS ${name} ON CLUSTER 'main' AS ${name}_local\\nENGINE = Distributed\\(`));
    }
    expect(tables.flat().find((sql) => sql.includes("AS spans_local"))).toContain("xxHash64(trace_id)");
  });

  it("lets every view read and fill the tables of its own shard", () => {
    const views = all.flatMap(({ statement }) => (/MATERIALIZED VIEW/.test(statement) ? clustered(statement, "main") : []));
    expect(views.length).toBeGreaterThan(6);
    for (const view of views) {
      expect(view).toMatch(/ TO \w+_local AS/);
      for (const [, source] of view.matchAll(/\bFROM (\w+)/g)) expect(source).toMatch(/_local$/);
    }
  });

  it("changes the columns of both tables, and anything else where the rows are", () => {
    const changes = all.flatMap(({ statement }) => (/ALTER TABLE/.test(statement) ? clustered(statement, "main") : []));
    expect(changes.map((sql) => sql.replace(/^--.*\n/gm, "").replace(/\s+/g, " ").slice(0, 75))).toEqual([
      "ALTER TABLE spans_local ON CLUSTER 'main' MODIFY SETTING ratio_of_defaults_",
      "ALTER TABLE spans_local ON CLUSTER 'main' MODIFY COLUMN faas_max_memory UIn",
      "ALTER TABLE spans ON CLUSTER 'main' MODIFY COLUMN faas_max_memory UInt64 CO",
      "ALTER TABLE hop_keys_local ON CLUSTER 'main' MODIFY SETTING min_compress_bl",
      "ALTER TABLE trace_index_local ON CLUSTER 'main' MODIFY SETTING min_compress",
      "ALTER TABLE hop_keys_local ON CLUSTER 'main' MODIFY SETTING min_age_to_forc",
      "ALTER TABLE trace_index_local ON CLUSTER 'main' MODIFY SETTING min_age_to_f",
      "ALTER TABLE hop_keys_local ON CLUSTER 'main' MODIFY SETTING min_age_to_forc",
      "ALTER TABLE trace_index_local ON CLUSTER 'main' MODIFY SETTING min_age_to_f",
    ]);
  });
});
