/**
 * A segment that is inserted again a minute later, as after a crash between the insert and its answer: rows then have
 * another minute of arrival and must be taken for the same nevertheless, in the rollups that alerts read as in `spans`.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../support/test-store.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const ROLLUPS = ["function_minutes", "alert_minutes", "queue_minutes"];
/** Of the views: how far ahead of its insert's clock a row is seen, seconds. */
const AHEAD = "toIntervalSecond(44)";

describe("spans that are inserted again with their token", () => {
  it("are counted once by every rollup, though a minute has passed", async () => {
    const { store } = db;
    await store.command(
      `INSERT INTO spans (trace_id, span_ids, start_time, duration_ns, kind, service_name, faas_name, faas_trigger,
         messaging_system, messaging_operation_type, messaging_destination_name)
       SELECT randomFixedString(16), randomFixedString(8), now64(9), 1000000, 5, 'shop', 'pay', 'pubsub', 'aws_sqs', 'process', 'orders'
       FROM numbers(10)`,
    );
    const segment = await nativeSpans();
    for (const table of ["spans", ...ROLLUPS]) await store.command(`TRUNCATE TABLE ${table}`);
    await takeClockInHand();
    await store.insertNative("spans", [segment], "segment-1");
    expect(await counts()).toEqual({ spans: 10, function_minutes: 10, alert_minutes: 10, queue_minutes: 10 });
    await store.command("INSERT INTO clock VALUES (60)");
    await store.insertNative("spans", [segment], "segment-1");
    expect(await counts()).toEqual({ spans: 10, function_minutes: 10, alert_minutes: 10, queue_minutes: 10 });
    // Another token is another segment; it is seen at the later minute.
    await store.insertNative("spans", [segment], "segment-2");
    expect(await counts()).toEqual({ spans: 20, function_minutes: 20, alert_minutes: 20, queue_minutes: 20 });
    const [seen] = await store.query<{ minutes: string }>("SELECT uniqExact(seen_at) AS minutes FROM function_minutes WHERE step_s = 60");
    expect(Number(seen?.minutes)).toBe(2);
  });
});

/** The spans of the table as a loader sends them: a Native block without what the store adds itself. */
async function nativeSpans(): Promise<Uint8Array> {
  const { url, username, password } = db.endpoint;
  const target = new URL(url);
  target.searchParams.set("database", db.database);
  target.searchParams.set("query", "SELECT * EXCEPT seen_after FROM spans FORMAT Native");
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const response = await fetch(target, { headers: { authorization } });
  if (!response.ok) throw new Error(await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Lets the views stamp rows by a clock that the test can move: `now()` and what a table says. The views are changed
 * before the first insert, because a changed view is another one to the store, which then would take everything anew.
 */
async function takeClockInHand(): Promise<void> {
  const { store, database } = db;
  await store.command("CREATE TABLE clock (ahead UInt32) ENGINE = MergeTree ORDER BY ahead");
  const views = await store.query<{ name: string; query: string }>(
    `SELECT name, as_select AS query FROM system.tables
     WHERE database = {database:String} AND name IN ('function_minutes_view', 'queue_minutes_view')`,
    { database },
  );
  for (const { name, query } of views) {
    expect(query).toContain(AHEAD);
    const moved = query.replaceAll(AHEAD, `toIntervalSecond(44 + (SELECT sum(ahead) FROM ${database}.clock))`);
    await store.command(`ALTER TABLE ${name} MODIFY QUERY ${moved}`);
  }
}

/** Spans, and invocations or messages of each rollup: the same by each step, or NaN. */
async function counts(): Promise<Record<string, number>> {
  const sums = ROLLUPS.map((table) => {
    const count = table === "queue_minutes" ? "messages" : "invocations";
    const sums = `(SELECT sumMap([step_s], [${count}]) FROM ${table})`;
    return `if(${sums}.1 = [60, 3600, 21600] AND length(arrayDistinct(${sums}.2)) = 1, ${sums}.2[1], NaN) AS ${table}`;
  });
  const [row] = await db.store.query<Record<string, string>>(
    `SELECT (SELECT count() FROM spans) AS spans, ${sums.join(", ")}`,
  );
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, count]) => [name, Number(count)]));
}
