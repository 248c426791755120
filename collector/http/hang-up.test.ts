/** A reader that hangs up stops its query on the server. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";
import { serveApp, type Serving } from "./serve.ts";

/** Half of what the store gives a query before it stops it by itself, and enough for a machine with other work. */
const STOPPED_WITHIN_MS = 5_000;

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

const trace = "1".repeat(32);
const since = "query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2027-01-01T00:00:00Z";

it.for([
  ...["/api/flows", "/api/flows?text=a&status=error", "/api/functions", "/api/functions/a/series", "/api/queues", "/api/map"],
  ...[`/api/flows/${trace}`, `/api/flows/${trace}/outline`, `/api/flows/${trace}/otlp`, `/api/flows/${trace}/compare/${trace}`],
  ...["/api/spans?text=a", "/api/spans/groups?by=service", "/api/spans/heatmap", "/api/spans/compare?attribute=a=b"],
  ...["/api/attributes", "/api/attributes/values?key=a", `/api/spans/${trace}/${"1".repeat(16)}`, "/api/live"],
  ...["/api/services", "/api/operations?service=a", "/api/traces?service=a", `/api/traces/${trace}`, "/api/dependencies"],
  ...["/api/metrics/calls?service=a", `/api/v3/traces/${trace}`, `/api/v3/trace-summaries?${since}`],
])("of %s", { timeout: 60_000 }, async (path) => {
  const reader = new AbortController();
  const read = async () => {
    const answer = await fetch(serving.url.replace("localhost", "127.0.0.1") + path, { signal: reader.signal });
    await answer.text();
  };
  const ended = expect(read()).rejects.toThrow();
  await eventually(async () => expect(await running()).toBeGreaterThan(0));
  reader.abort();
  await ended;
  await eventually(async () => expect(await running()).toBe(0), STOPPED_WITHIN_MS);
});
