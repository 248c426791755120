import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { queryDependencies } from "./alert-dependencies.ts";
import { queryOwn } from "./alert-own-query.ts";

/** The minute of the spans: the first of an hour and of a quarter of a day, whose rows have the same time. */
const minuteS = Math.floor(Date.now() / 21_600_000) * 21_600 - 21_600;
const messages = 7;

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
  await db.store.command(
    `INSERT INTO spans (trace_id, span_ids, start_time, kind, service_name, faas_trigger, messaging_system,
       messaging_operation_type, messaging_destination_name)
     SELECT randomFixedString(16), randomFixedString(16), fromUnixTimestamp({minuteS:UInt32}),
       arrayJoin([4, 5]) AS kind, 'shop',
       if(kind = 5, 'pubsub', ''), 'aws_sqs', if(kind = 5, 'process', 'send'), 'orders'
     FROM numbers({messages:UInt32})`,
    { minuteS, messages },
  );
});
afterAll(() => db.close());

it.for([
  ["function_minutes", "sum(invocations)", messages],
  ["alert_minutes", "sum(invocations)", messages],
  ["queue_minutes", "sum(messages)", messages],
  ["map_minutes", "sum(spans)", 2 * messages],
] as const)("counts what a minute of %s has once, although its hour and its quarter of a day have it, too", async ([table, sum, expected]) => {
  const query = { sql: `SELECT ${sum} AS value FROM ${table}`, timeS: 10, rowsRead: 1_000_000 };
  // An evaluation a day later has seen all that arrived until now.
  const [row] = await queryOwn(db.store, query, { fromS: minuteS, toS: minuteS + 86_400 });
  expect(row?.value).toBe(expected);
});

it("knows by the minute who was invoked and who published, each once", async () => {
  const { invoked, published } = await queryDependencies(db.store, { fromS: minuteS, toS: minuteS + 3600 });
  expect(invoked.map(({ service, invocations }) => [service, invocations])).toEqual([["shop", messages]]);
  expect(published.map(({ destination, sent }) => [destination, sent])).toEqual([["orders", messages]]);
});

it("knows where a message came from that an older SDK took, too", async () => {
  const laterS = minuteS + 3600;
  await db.store.command(
    `INSERT INTO spans (trace_id, span_ids, start_time, kind, service_name, faas_trigger, messaging_system, attributes_string)
     SELECT randomFixedString(16), randomFixedString(16), fromUnixTimestamp({laterS:UInt32}), 5, 'older', 'pubsub',
       'aws_sqs', map(arrayJoin(['messaging.source.name', 'messaging.destination']) AS name, if(name = 'messaging.destination', 'jobs', 'mails'))`,
    { laterS },
  );
  const { invoked } = await queryDependencies(db.store, { fromS: laterS, toS: laterS + 3600 });
  expect(invoked.map(({ service, destination }) => [service, destination]).sort()).toEqual([
    ["older", "jobs"],
    ["older", "mails"],
  ]);
});
