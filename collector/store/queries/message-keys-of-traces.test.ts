import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { messageKeysOfTraces } from "./message-keys-of-traces.ts";

const UUID = "0f8fad5b-d9cb-469f-a165-70867728950e";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

it.for([
  { name: "one trace", traceOf: () => "ab".repeat(16) },
  { name: "a trace of its own each", traceOf: (at: number) => `c${String(at)}`.repeat(16) },
])("names every key by which messages are found: spans in $name", async ({ traceOf }) => {
  const spans = [
    { keys: [], form: 1, system: "AmazonSQS", uuid: UUID },
    { keys: [], form: 0, system: "kafka", text: "topic-1-2" },
    { keys: ["aws.sns:left-out"], form: 2, system: "aws_sqs", text: "it's\\mine" },
    { keys: ["aws.sns:only", "body_md5:b"], form: 0, system: "aws_sqs", text: "not made" },
    { keys: ["aws_sqs:of a batch", "aws_sqs:of another"], form: 1, system: "aws_sqs" },
    { keys: ["aws.lambda:run"], form: 3, system: "sns", text: "both" },
    { keys: [], form: 0, text: "of no system" },
    { keys: [], form: 0, system: "aws_sqs" },
  ];
  const noUuid = "00000000-0000-0000-0000-000000000000";
  await db.store.command(
    `INSERT INTO spans (trace_id, span_ids, start_time, message_keys, message_keys_form, messaging_system,
       messaging_message_uuid, messaging_message_text)
     SELECT unhex({traceIds:Array(String)}[at]), concat('span-', toString(at)),
       now64(9) - toIntervalHour(3) - toIntervalMinute(at), span.1, span.2, span.3, span.4, span.5
     FROM (SELECT arrayZip({keys:Array(Array(String))}, {forms:Array(UInt8)}, {systems:Array(String)},
       {uuids:Array(UUID)}, {texts:Array(String)}) AS spans)
     ARRAY JOIN spans AS span, arrayEnumerate(spans) AS at`,
    {
      traceIds: spans.map((_, at) => traceOf(at)),
      keys: spans.map(({ keys }) => keys),
      forms: spans.map(({ form }) => form),
      systems: spans.map(({ system = "" }) => system),
      uuids: spans.map(({ uuid = noUuid }) => uuid),
      texts: spans.map(({ text = "" }) => text),
    },
  );
  const found = new Set<string>();
  for (const traceId of new Set(spans.map((_, at) => traceOf(at)))) {
    // Asked for alone: what is read of a trace is what its own spans fill.
    for (const key of await messageKeysOfTraces(db.store, { traceIds: [traceId], limit: 100 })) found.add(key);
  }
  expect([...found].sort()).toEqual([
    "aws.lambda:run",
    "aws.sns:both",
    "aws.sns:left-out",
    "aws.sns:only",
    `aws_sqs:${UUID}`,
    "aws_sqs:it's\\mine",
    "aws_sqs:of a batch",
    "aws_sqs:of another",
    "body_md5:b",
    "kafka:topic-1-2",
  ]);
  const indexed = await db.store.query("SELECT DISTINCT key FROM hop_keys ORDER BY key");
  const hashed = await db.store.query(
    "SELECT DISTINCT bitShiftRight(xxh3(arrayJoin({found:Array(String)})), 16) AS key ORDER BY key",
    { found: [...found] },
  );
  expect(hashed).toEqual(indexed);
});
