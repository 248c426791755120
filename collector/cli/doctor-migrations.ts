/** What the doctor says of a database's tables: whether a start with this version opens them. */
import { join } from "node:path";
import { migrationsBelow } from "../store/applied-migrations.ts";
import { appliedMigrations, refuseChanged, type AppliedMigrations } from "../store/migrations.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";
import { failed, ok, warning, type Finding } from "./doctor-report.ts";

/** Whether a start would open the data directory's database, of which a server that runs aside reads copies. */
export function checkOwnTables({ dataDir, database }: Pick<Config, "dataDir" | "database">, aside: Store): Promise<Finding> {
  return judge(`the database in ${dataDir}`, () => migrationsBelow(join(dataDir, "store"), database, aside));
}

/** Whether a start would open this database of a server of one's own. */
export async function checkServerTables(store: Store, database: string): Promise<Finding> {
  const sql = "SELECT 1 FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'";
  const isMade = (await store.query(sql, { database })).length > 0;
  const none: AppliedMigrations = new Map();
  return judge(`its database ${database}`, () => (isMade ? appliedMigrations(store, database) : Promise.resolve(none)));
}

async function judge(which: string, read: () => Promise<AppliedMigrations>): Promise<Finding> {
  let applied: AppliedMigrations;
  try {
    applied = await read();
  } catch (error) {
    return warning(`whether a start opens ${which} was not seen: ${reasonOf(error)}`);
  }
  try {
    refuseChanged(applied);
  } catch (error) {
    return failed(`${which} was made by another version, and a start refuses it. ${reasonOf(error)}`);
  }
  return ok(applied.size === 0 ? `${which} is not made yet` : `${which} has tables that this version opens`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
