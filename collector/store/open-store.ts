/** Opens the store that the settings name: a ClickHouse server by URL, or the embedded one. */
import { connectStore } from "./connection.ts";
import { lockDataDir } from "./data-dir.ts";
import { startEmbedded, type EmbeddedServer, type Endpoint } from "./embedded.ts";
import { holdMerges } from "./held-merges.ts";
import type { Log } from "./log.ts";
import { isMigrated, migrate } from "./migrations.ts";
import { StoreStartError } from "./start-error.ts";
import type { Store } from "./store.ts";

/** Below it no table is made, bytes: all of them take less than one. */
const makeFreeMinBytes = 16 * 1024 ** 2;

/** Which store, and for how many days it keeps what it has. */
export interface OpenStoreOptions {
  /** `http(s)://[user[:password]@]host[:port]`; unset starts the embedded server. */
  readonly clickhouseUrl?: string | undefined;
  /** A `clickhouse` binary for the embedded server in place of libchdb. */
  readonly clickhouseBin?: string | undefined;
  readonly dataDir: string;
  readonly retentionDays: number;
  readonly database: string;
  /** A cluster of the server at `clickhouseUrl`, on which the tables are replicated and distributed. */
  readonly cluster?: string | undefined;
  readonly log: Log;
  /** Memory limit of the embedded server, bytes. */
  readonly memoryLimitBytes?: number | undefined;
}

/** A store that answers and has its tables. */
export interface OpenStore {
  readonly store: Store;
  /** Absent where the store is a server of its own. */
  readonly embedded?: EmbeddedServer;
  readonly endpoint: () => Endpoint;
  /** Closes connections, ends the embedded server and gives the data directory back. */
  close(): Promise<void>;
}

/**
 * Takes the data directory, connects and applies the migrations.
 *
 * @throws StoreStartError with one line that says what to do
 */
export async function openStore(options: OpenStoreOptions): Promise<OpenStore> {
  const lock = await lockDataDir(options.dataDir);
  let embedded: EmbeddedServer | undefined;
  try {
    embedded = options.clickhouseUrl
      ? undefined
      : await startEmbedded({
          dataDir: options.dataDir,
          log: options.log,
          binary: options.clickhouseBin,
          memoryLimitBytes: options.memoryLimitBytes,
        });
    const endpoint = embedded ? embedded.endpoint : remoteEndpoint(options.clickhouseUrl ?? "");
    await prepareDatabase(endpoint, options, embedded && options.dataDir);
    const store = connectStore({ endpoint, database: options.database });
    return {
      store: embedded ? { ...store, holdMerges: (isHeld) => holdMerges(store, isHeld) } : store,
      ...(embedded && { embedded }),
      endpoint,
      async close() {
        await store.close();
        await embedded?.stop();
        lock.release();
      },
    };
  } catch (error) {
    await embedded?.stop();
    lock.release();
    throw error;
  }
}

/**
 * Makes the database where it is missing and applies the migrations.
 *
 * @param dataDir that of the embedded server, for the advice where it fails
 * @throws StoreStartError `disk-full`, `unreachable` or `migration`
 */
export async function prepareDatabase(
  endpoint: () => Endpoint,
  { database, retentionDays, cluster }: Pick<OpenStoreOptions, "database" | "retentionDays" | "cluster">,
  dataDir?: string,
): Promise<void> {
  const bootstrap = connectStore({ endpoint, database: "system" });
  const store = connectStore({ endpoint, database });
  try {
    if (!(await isMigrated(bootstrap, database))) await refuseFullDisk(bootstrap, dataDir);
    const on = cluster === undefined ? "" : ` ON CLUSTER '${cluster}'`;
    await bootstrap.command(`CREATE DATABASE IF NOT EXISTS {database:Identifier}${on}`, { database });
    await migrate(store, { retentionDays, cluster });
  } catch (error) {
    if (error instanceof StoreStartError) throw error;
    // TLS's errors end with a line of their own.
    const reason = (error instanceof Error ? error.message : String(error)).trim();
    const [which, advice] =
      dataDir === undefined
        ? [`ClickHouse at ${endpoint().url}`, "check HOPSCOPE_CLICKHOUSE_URL and its user's rights"]
        : [`The embedded ClickHouse in ${dataDir}`, "see the disk's room, and what `hopscope doctor` says"];
    throw new StoreStartError("unreachable", `${which} cannot be used (${reason}): ${advice}.`, error);
  } finally {
    await bootstrap.close();
    await store.close();
  }
}

/**
 * ClickHouse makes a table on a full disk without an error, its definition an empty file, and does not start with one
 * again: so nothing is made there.
 */
async function refuseFullDisk(system: Store, dataDir: string | undefined): Promise<void> {
  const sql = "SELECT toString(min(unreserved_space)) AS free FROM system.disks WHERE type = 'Local' HAVING count() > 0";
  // A user who may not read it has a server of their own, whose disk somebody else looks after.
  const [disk] = await system.query<{ free: string }>(sql).catch(() => []);
  if (disk === undefined || Number(disk.free) >= makeFreeMinBytes) return;
  const which = dataDir === undefined ? "ClickHouse's disk" : `The disk of ${dataDir}`;
  const advice = dataDir === undefined ? "free some" : "free some, or set HOPSCOPE_DATA_DIR to another disk";
  throw new StoreStartError("disk-full", `${which} has no room for the tables (${disk.free} bytes are free): ${advice}.`);
}

/** Where `clickhouseUrl` leads, its user and password taken out of the URL. */
export function remoteEndpoint(clickhouseUrl: string): () => Endpoint {
  const url = new URL(clickhouseUrl);
  const username = decodeURIComponent(url.username) || "default";
  const password = decodeURIComponent(url.password);
  url.username = "";
  url.password = "";
  const endpoint = { url: url.href, username, password };
  return () => endpoint;
}
