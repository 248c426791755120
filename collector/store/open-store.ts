/** Opens the store that the settings name: a ClickHouse server by URL, or the embedded one. */
import { connectStore } from "./connection.ts";
import { lockDataDir } from "./data-dir.ts";
import { startEmbedded, type EmbeddedServer, type Endpoint } from "./embedded.ts";
import type { Log } from "./log.ts";
import { migrate } from "./migrations.ts";
import { StoreStartError } from "./start-error.ts";
import type { Store } from "./store.ts";

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
    await prepareDatabase(endpoint, options);
    const store = connectStore({ endpoint, database: options.database });
    return {
      store,
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
 * @throws StoreStartError `unreachable` or `migration`
 */
export async function prepareDatabase(
  endpoint: () => Endpoint,
  { database, retentionDays, cluster }: Pick<OpenStoreOptions, "database" | "retentionDays" | "cluster">,
): Promise<void> {
  const bootstrap = connectStore({ endpoint, database: "system" });
  const store = connectStore({ endpoint, database });
  try {
    const on = cluster === undefined ? "" : ` ON CLUSTER '${cluster}'`;
    await bootstrap.command(`CREATE DATABASE IF NOT EXISTS {database:Identifier}${on}`, { database });
    await migrate(store, { retentionDays, cluster });
  } catch (error) {
    if (error instanceof StoreStartError) throw error;
    // TLS's errors end with a line of their own.
    const reason = (error instanceof Error ? error.message : String(error)).trim();
    throw new StoreStartError(
      "unreachable",
      `ClickHouse at ${endpoint().url} cannot be used (${reason}): check HOPSCOPE_CLICKHOUSE_URL and its user's rights.`,
      error,
    );
  } finally {
    await bootstrap.close();
    await store.close();
  }
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
