/**
 * Which migrations a data directory has, without starting a server in it, which would change it: the parts of
 * `schema_migrations` are few and small, and a server that runs elsewhere reads copies of them.
 */
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { appliedMigrations, MIGRATIONS_TABLE, MIGRATIONS_TABLE_NAME, type AppliedMigrations } from "./migrations.ts";
import type { Store } from "./store.ts";

/** A part that is whole, with the number of its newest row's insert; others begin with `tmp_`, or lie in `detached`. */
const PART_NAME = /^all_\d+_(\d+)_\d+(?:_\d+)?$/;

/**
 * Checksums of the migrations that were applied to the embedded database below `dataPath`; none where there is no
 * such database yet.
 *
 * @param aside a server on this machine, connected to a database of its own that has no tables
 */
export async function migrationsBelow(dataPath: string, database: string, aside: Store): Promise<AppliedMigrations> {
  const parts = partsBelow(dataPath, database);
  if (parts.length === 0) return new Map();
  await aside.command(MIGRATIONS_TABLE);
  const [table] = await aside.query<{ path: string }>(
    "SELECT data_paths[1] AS path FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
    { name: MIGRATIONS_TABLE_NAME },
  );
  for (const { name, path } of parts) {
    cpSync(path, join(table?.path ?? "", "detached", name), { recursive: true });
    await aside.command(`ALTER TABLE ${MIGRATIONS_TABLE_NAME} ATTACH PART '${name}'`);
  }
  return appliedMigrations(aside);
}

/** The table's parts, which its definition's UUID leads to, in the order in which they were written. */
function partsBelow(dataPath: string, database: string): { readonly name: string; readonly path: string }[] {
  const definition = join(dataPath, "metadata", database, `${MIGRATIONS_TABLE_NAME}.sql`);
  if (!existsSync(definition)) return [];
  const uuid = /UUID '([0-9a-f-]{36})'/.exec(readFileSync(definition, "utf8"))?.[1];
  if (uuid === undefined) return [];
  const dir = join(dataPath, "store", uuid.slice(0, 3), uuid);
  return readdirSync(dir)
    .flatMap((name) => {
      const newest = PART_NAME.exec(name)?.[1];
      return newest === undefined ? [] : [{ name, newest: Number(newest), path: join(dir, name) }];
    })
    .sort((one, other) => one.newest - other.newest);
}
