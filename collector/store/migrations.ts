/**
 * Migrations: the numbered files of `schema/sql`, applied in order, each once, at every start.
 *
 * Every statement is idempotent (`IF NOT EXISTS`), so two collectors may start at once, and one that was killed in
 * the middle starts again. A file that was applied must not change: its checksum is kept.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { clustered } from "./cluster-sql.ts";
import { StoreStartError } from "./start-error.ts";
import { StoreError, type Store } from "./store.ts";

const SQL_DIR = fileURLToPath(new URL("../../schema/sql/", import.meta.url));
const FILE_NAME = /^(\d{3})_\w+\.sql$/;

/** Of ClickHouse's refusal, which repeats the whole statement, characters. */
const refusalMaxLength = 500;

/** One numbered file. */
export interface Migration {
  readonly version: number;
  readonly fileName: string;
  readonly sql: string;
  /** SHA-256 of the file as it is, in hex. */
  readonly checksum: string;
}

/** Reads the numbered files, in order. */
export function readMigrations(dir = SQL_DIR): Migration[] {
  return readdirSync(dir)
    .sort()
    .flatMap((fileName) => {
      const version = FILE_NAME.exec(fileName)?.[1];
      if (version === undefined) return [];
      const sql = readFileSync(`${dir}/${fileName}`, "utf8");
      return [{ version: Number(version), fileName, sql, checksum: sha256(sql) }];
    });
}

/** How the tables are made; without `migrations`, the files of `schema/sql` are applied. */
export interface MigrateOptions {
  readonly retentionDays: number;
  /** Name of the cluster on whose servers the tables are made; unset: on the server alone. */
  readonly cluster?: string | undefined;
  readonly migrations?: readonly Migration[];
}

/**
 * Applies what is missing and brings the retention of every table to `retentionDays`.
 *
 * @throws StoreStartError `migration` where an applied file was changed, or ClickHouse refuses one
 */
export async function migrate(store: Store, options: MigrateOptions) {
  const { migrations = readMigrations() } = options;
  for (const statement of formsOf(MIGRATIONS_TABLE, options)) await store.command(statement);
  const applied = await appliedMigrations(store);
  refuseChanged(applied, migrations);
  for (const migration of migrations) {
    if (!applied.has(migration.version)) await apply(store, migration, options);
  }
  await setRetention(store, options);
}

/** Checksums of migrations by their versions. */
export type AppliedMigrations = ReadonlyMap<number, string>;

/** Those of a database, or of the store's own. */
export async function appliedMigrations(store: Store, database?: string): Promise<AppliedMigrations> {
  const table = `${database === undefined ? "" : "{database:Identifier}."}${MIGRATIONS_TABLE_NAME}`;
  const rows = await store.query<{ version: number; checksum: string }>(
    `SELECT version, checksum FROM ${table} FINAL`,
    { database },
  );
  return new Map(rows.map((row) => [row.version, row.checksum]));
}

/** @throws StoreStartError `migration` where one is not what was applied */
export function refuseChanged(applied: AppliedMigrations, migrations: readonly Migration[] = readMigrations()): void {
  for (const migration of migrations) {
    const checksum = applied.get(migration.version);
    if (checksum !== undefined && checksum !== migration.checksum) throw changed(migration);
  }
}

/** Whether a database has every table already; asked through a connection to another. */
export async function isMigrated(store: Store, database: string): Promise<boolean> {
  const sql = "SELECT DISTINCT version FROM {database:Identifier}.schema_migrations";
  const rows = await store.query<{ version: number }>(sql, { database }).catch((error: unknown) => {
    if (error instanceof StoreError && !error.retryable) return [];
    throw error;
  });
  const applied = new Set(rows.map(({ version }) => version));
  return readMigrations().every(({ version }) => applied.has(version));
}

/** Where it is noted which migrations a database has. */
export const MIGRATIONS_TABLE_NAME = "schema_migrations";

/** Makes that table, where it is missing. */
export const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations
(version UInt32, file_name String, checksum String, applied_at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY version`;

/** A statement as it is, or in its clustered form. */
function formsOf(statement: string, { retentionDays, cluster }: MigrateOptions): string[] {
  const sql = statement.replaceAll("{{retention_days}}", String(retentionDays));
  return cluster === undefined ? [sql] : clustered(sql, cluster);
}

async function apply(store: Store, { version, fileName, sql, checksum }: Migration, options: MigrateOptions) {
  for (const statement of statements(sql).flatMap((one) => formsOf(one, options))) {
    try {
      await store.command(statement);
    } catch (error) {
      if (!(error instanceof StoreError) || error.retryable) throw error;
      const message = `ClickHouse refuses migration schema/sql/${fileName} (code ${String(error.code)}): ${error.message}`;
      throw new StoreStartError("migration", message.slice(0, refusalMaxLength), error);
    }
  }
  await store.command(
    `INSERT INTO schema_migrations (version, file_name, checksum)
     VALUES ({version:UInt32}, {fileName:String}, {checksum:String})`,
    { version, fileName, checksum },
  );
}

/** Statements of a file: each ends with a semicolon at the end of a line. */
export function statements(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^--.*$/gm, "").trim() !== "");
}

/**
 * A changed retention is a changed setting, not a changed schema. It holds for parts that are there already, too, or a
 * shorter one would free nothing for as long as the one before it, and a longer one keep nothing longer: when each part
 * goes is worked out anew beside the start, out of the columns that say so and without writing any of them.
 */
async function setRetention(store: Store, { retentionDays, cluster }: MigrateOptions): Promise<void> {
  const on = cluster === undefined ? "" : ` ON CLUSTER '${cluster}'`;
  const tables = await store.query<{ name: string; ttl: string }>(
    `SELECT name, extract(engine_full, ' TTL (.+?)(?: SETTINGS |$)') AS ttl
     FROM system.tables WHERE database = currentDatabase() AND ttl != ''`,
  );
  for (const { name, ttl } of tables) {
    // The first is the retention; a day that follows is a margin, and stays one.
    const wanted = ttl.replace(/toIntervalDay\(\d+\)/, `toIntervalDay(${String(retentionDays)})`);
    if (wanted === ttl) continue;
    await store.command(`ALTER TABLE ${name}${on} MODIFY SETTING materialize_ttl_recalculate_only = 1`);
    await store.command(`ALTER TABLE ${name}${on} MODIFY TTL ${wanted} SETTINGS materialize_ttl_after_modify = 1, alter_sync = 0`);
  }
}

function changed({ fileName }: Migration): StoreStartError {
  return new StoreStartError(
    "migration",
    `Migration schema/sql/${fileName} was changed after it was applied to this database: ` +
      "restore the file and put the change into a new one, or, where this is a newer Hopscope from before its first " +
      "release, start it with another HOPSCOPE_DATA_DIR or HOPSCOPE_CLICKHOUSE_DATABASE.",
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
