import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MESSAGE_KEYS } from "../../schema/attributes.ts";
import { encodeOtlp, type OtlpJson } from "../../test/support/otlp-proto.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { otlpSpans } from "../store/queries/otlp-spans.ts";
import { spanOfTrace } from "../store/queries/spans-of-traces.ts";
import { SpanTranscoder } from "./transcode-spans.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const id = randomUUID();
const other = randomUUID();
const text = (key: string, stringValue: string): OtlpJson => ({ key, value: { stringValue } });
const message = (system: string, messageId: string) => [
  text("messaging.system", system),
  text("messaging.message.id", messageId),
];

const list = (...keys: string[]): OtlpJson => ({
  key: MESSAGE_KEYS,
  value: { arrayValue: { values: keys.map((stringValue) => ({ stringValue })) } },
});

interface Case {
  readonly what: string;
  readonly attributes?: OtlpJson[];
  readonly event?: OtlpJson[];
  /** Identities by which the span must be found. */
  readonly keys: readonly string[];
  /** How many of them are written beside the span. */
  readonly written: number;
}

const cases: readonly Case[] = [
  { what: "a UUID", attributes: message("aws_sqs", id), keys: [`aws_sqs:${id}`], written: 0 },
  { what: "another id", attributes: message("kafka", "7-12"), keys: ["kafka:7-12"], written: 0 },
  { what: "another spelling", attributes: message("AmazonSNS", id), keys: [`aws.sns:${id}`], written: 0 },
  {
    what: "an id twice",
    attributes: [...message("aws_sqs", id), text("messaging.message.id", other)],
    keys: [`aws_sqs:${other}`],
    written: 1,
  },
  {
    what: "an event beside it",
    attributes: message("aws_sqs", id),
    event: message("aws_sqs", other),
    keys: [`aws_sqs:${id}`, `aws_sqs:${other}`],
    written: 1,
  },
  {
    what: "an event whose system the span names",
    attributes: [text("messaging.system", "aws_sqs")],
    event: [text("messaging.message.id", id)],
    keys: [`aws_sqs:${id}`],
    written: 1,
  },
  {
    what: "its own list, which begins with the message that it took",
    attributes: [...message("aws_sqs", id), list(`aws_sqs:${id}`, `aws.sns:${other}`)],
    keys: [`aws_sqs:${id}`, `aws.sns:${other}`],
    written: 1,
  },
  {
    what: "the same, written before system and id and in another spelling",
    attributes: [list(`aws_sqs:${id}`), ...message("AmazonSQS", id)],
    keys: [`aws_sqs:${id}`],
    written: 0,
  },
  {
    what: "its own list, which begins with another",
    attributes: [...message("aws_sqs", id), list(`aws.sns:${other}`, `aws_sqs:${id}`)],
    keys: [`aws_sqs:${id}`, `aws.sns:${other}`],
    written: 2,
  },
  {
    what: "its own list beside a second id",
    attributes: [list(`aws_sqs:${id}`), ...message("aws_sqs", id), text("messaging.message.id", other)],
    keys: [`aws_sqs:${id}`],
    written: 1,
  },
  {
    what: "its own list alone",
    attributes: [text("messaging.message.id", id), list(`aws_sqs:${id}`)],
    keys: [`aws_sqs:${id}`],
    written: 1,
  },
  { what: "no system", attributes: [text("messaging.message.id", id)], keys: [], written: 0 },
];

/** What both readers give back of the attribute that the span brought. */
async function expectOwnList(traceId: string, spanId: string, attributes: readonly OtlpJson[]): Promise<void> {
  const isOwn = ({ key }: OtlpJson) => key === MESSAGE_KEYS;
  const [exported] = await otlpSpans(db.store, { traceIds: [traceId], limit: 1 });
  expect((exported?.span["attributes"] as OtlpJson[]).filter(isOwn)).toEqual(attributes.filter(isOwn));
  const own = attributes.find(isOwn)?.["value"] as { arrayValue: { values: { stringValue: string }[] } } | undefined;
  const read = await spanOfTrace(db.store, { traceId, spanId });
  expect(read?.attributes[MESSAGE_KEYS]).toEqual(own?.arrayValue.values.map(({ stringValue }) => stringValue));
}

it.for(cases)("a span is found by its message: $what", async ({ attributes = [], event, keys, written }) => {
  const now = String(BigInt(Date.now()) * 1_000_000n);
  const span: OtlpJson = {
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    startTimeUnixNano: now,
    endTimeUnixNano: now,
    attributes,
    ...(event && { events: [{ name: "message", attributes: event }] }),
  };
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  transcoder.transcode(encodeOtlp("ExportTraceServiceRequest", { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }));
  const blocks = transcoder.takeBlocks().map(({ bytes }) => bytes);
  await db.store.insertNative("spans", blocks, String(span["spanId"]));
  const bound = { traceId: span["traceId"], keys };
  const [stored] = await db.store.query<{ written: string }>(
    "SELECT length(message_keys) AS written FROM spans WHERE trace_id = unhex({traceId:String})",
    bound,
  );
  const found = await db.store.query<{ key: string }>(
    `SELECT toString(key) AS key FROM hop_keys WHERE trace_ref = xxHash32(toFixedString(unhex({traceId:String}), 16))
     ORDER BY key`,
    bound,
  );
  const wanted = await db.store.query<{ key: string }>(
    "SELECT toString(bitShiftRight(xxh3(arrayJoin({keys:Array(String)})), 16)) AS key ORDER BY key",
    bound,
  );
  expect(found).toEqual(wanted);
  expect(Number(stored?.written)).toBe(written);
  await expectOwnList(String(span["traceId"]), String(span["spanId"]), attributes);
});
