/** A database of its own for each test file, on the run's ClickHouse. */
import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { connectStore } from "../../collector/store/connection.ts";
import type { Endpoint } from "../../collector/store/embedded.ts";
import { prepareDatabase } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";

export interface TestStore {
  readonly store: Store;
  readonly endpoint: Endpoint;
  readonly database: string;
  /** `http://user:password@host:port`, as HOPSCOPE_CLICKHOUSE_URL takes it. */
  readonly clickhouseUrl: string;
  /** Drops the database and closes the connection. */
  close(): Promise<void>;
}

/** Where the run's ClickHouse is; the first caller starts it. */
async function clickhouseEndpoint(): Promise<Endpoint> {
  const response = await fetch(inject("clickhouseBroker"));
  const text = await response.text();
  if (!response.ok) throw new Error(`no ClickHouse for the tests: ${text}`);
  return JSON.parse(text) as Endpoint;
}

/** A fresh database with every migration applied. */
export async function createTestStore({ retentionDays = 30 } = {}): Promise<TestStore> {
  const endpoint = await clickhouseEndpoint();
  const database = `test_${randomBytes(8).toString("hex")}`;
  await prepareDatabase(() => endpoint, { database, retentionDays });
  const store = connectStore({ endpoint: () => endpoint, database });
  const url = new URL(endpoint.url);
  url.username = endpoint.username;
  url.password = endpoint.password;
  return {
    store,
    endpoint,
    database,
    clickhouseUrl: url.href,
    async close() {
      await store.command("DROP DATABASE {database:Identifier} SYNC", { database });
      await store.close();
    },
  };
}
