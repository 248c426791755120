/**
 * Takes back a database that was being made when the disk was full or the power went: its definition is an empty file,
 * with which ClickHouse does not start again. Tables come after it, so there is nothing in it to lose.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "./log.ts";

/** Does so under the server's path; no server may be running on it. */
export function removeCutDatabases(dataPath: string, log: Log): void {
  const metadata = join(dataPath, "metadata");
  if (!existsSync(metadata)) return;
  for (const name of readdirSync(metadata)) {
    const path = join(metadata, name);
    if (!name.endsWith(".sql") || statSync(path).size > 0) continue;
    log.warn({ path }, "a database whose making was cut short is made anew");
    // The link beside it leads to where its tables would be.
    rmSync(path.slice(0, -".sql".length), { force: true });
    rmSync(path);
  }
}
