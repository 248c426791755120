/** A reader that hangs up stops its query on the server. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";
import { serveApp, type Serving } from "./serve.ts";

let test: TestStore;
let serving: Serving;

beforeAll(async () => {
  test = await createTestStore();
  // Whatever is asked takes half a minute, in steps in which the server sees that it is to stop.
  const sql = `SELECT sleepEachRow(0.5), '${test.database}' FROM numbers(60) SETTINGS max_block_size = 1`;
  const slow: Store = {
    ...test.store,
    query: (_sql, params, options) => test.store.query(sql, params, options),
    queryBlocks: (_sql, params, options) => test.store.queryBlocks(sql, params, options),
  };
  serving = await serveApp(createApp({ store: slow }), { host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await serving.close();
  await test.close();
});

async function running(): Promise<number> {
  const sql =
    "SELECT count() AS count FROM system.processes WHERE query LIKE {marker:String} AND query NOT LIKE '%processes%'";
  const [row] = await test.store.query<{ count: string }>(sql, { marker: `%sleepEachRow%${test.database}%` });
  return Number(row?.count);
}

it.for(["/api/flows", "/api/functions", `/api/flows/${"1".repeat(32)}`])("of %s", { timeout: 60_000 }, async (path) => {
  const reader = new AbortController();
  const answer = fetch(serving.url.replace("localhost", "127.0.0.1") + path, { signal: reader.signal });
  const ended = expect(answer).rejects.toThrow();
  await eventually(async () => expect(await running()).toBe(1));
  reader.abort();
  await ended;
  await eventually(async () => expect(await running()).toBe(0));
});
