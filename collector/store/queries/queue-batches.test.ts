/** What batches count for in the figures of their queue. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { insertSpans } from "../../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { fromMs } from "../../flow/instant.ts";
import { span, TEST_EPOCH_MS, type SpanInput } from "../../flow/test-spans.ts";
import { mapEdges } from "./map-edges.ts";
import { queueTotals } from "./queues.ts";

const nowMs = Math.floor(Date.now() / 60_000) * 60_000;
const range = { from: fromMs(nowMs - 300_000), to: fromMs(nowMs + 60_000) };

/** A batch of `count`, of which `described` records are links, and of these `returned` were given back. */
const batch = (queue: string, count: number, described: number, returned: number): SpanInput => ({
  trace: queue,
  id: queue,
  kind: "consumer",
  status: "error",
  at: nowMs - 120_000 - TEST_EPOCH_MS,
  attributes: {
    "messaging.system": "aws_sqs",
    "messaging.operation.type": "process",
    "messaging.destination.name": queue,
    "messaging.batch.message_count": count,
  },
  links: Array.from({ length: described }, (_, n) => ({
    trace: `${queue}${String(n)}`,
    id: String(n),
    attributes: { "messaging.message.id": String(n), ...(n < returned && { "hopscope.message.returned": true }) },
  })),
});

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

it.for([
  ["part", { count: 10, described: 10, returned: 1 }, { messages: 10, failures: 1 }],
  ["whole", { count: 10, described: 10, returned: 0 }, { messages: 10, failures: 10 }],
  ["large", { count: 3_000, described: 1_024, returned: 0 }, { messages: 3_000, failures: 3_000 }],
  ["large-part", { count: 3_000, described: 1_024, returned: 5 }, { messages: 3_000, failures: 5 }],
  ["nonsense", { count: 4_000_000_000, described: 2, returned: 0 }, { messages: 10_000, failures: 10_000 }],
] as const)("%s: every message of a batch counts, and those that failed", async ([queue, given, counted]) => {
  await insertSpans(db.store, [span(batch(queue, given.count, given.described, given.returned))]);
  const totals = await queueTotals(db.store, range);
  expect(totals.find(({ name }) => name === queue)).toMatchObject(counted);
});

it.for([
  ["says process", { "messaging.operation.type": "process" }, true],
  ["says it as SDKs did before", { "messaging.operation": "process" }, true],
  ["says nothing", {}, true],
  ["polls", { "messaging.operation.type": "receive" }, false],
  ["polls, as SDKs said it before", { "messaging.operation": "receive" }, false],
] as const)("a consumer that %s is in the queue's figures and on the map: %o", async ([form, operation, isTaken]) => {
  const taken = batch(form, 0, 0, 0);
  const { "messaging.operation.type": _type, ...attributes } = taken.attributes ?? {};
  await insertSpans(db.store, [span({ ...taken, attributes: { ...attributes, ...operation } })]);
  const [totals, edges] = [await queueTotals(db.store, range), await mapEdges(db.store, range)];
  expect(totals.some(({ name, messages }) => name === form && messages === 1)).toBe(isTaken);
  expect(edges.some(({ peer, kind, count }) => peer === form && kind === "receive" && count === 1)).toBe(isTaken);
});

it("names that SDKs used before lead to the same queue, with a system of one spelling", async () => {
  const attributes = [
    { "messaging.system": "aws_sqs", "messaging.destination.name": "older" },
    { "messaging.system": "aws.sqs", "messaging.destination": "older" },
    { "messaging.system": "AmazonSQS", "messaging.destination": "https://sqs.eu-west-1.amazonaws.com/111111111111/older" },
    { "messaging.system": "AmazonSQS", "messaging.source.name": "arn:aws:sqs:eu-west-1:111111111111:older" },
  ];
  const { at = 0 } = batch("older", 0, 0, 0);
  const spans = attributes.flatMap((own, n) => [
    span({ trace: "older", id: `t${String(n)}`, kind: "consumer", at, attributes: own }),
    span({ trace: "older", id: `p${String(n)}`, kind: "producer", at, attributes: own }),
  ]);
  const published = attributes.slice(1).map((own, n) => {
    return span({ trace: "older", id: `c${String(n)}`, kind: "client", at, attributes: { ...own, "messaging.operation": "publish" } });
  });
  await insertSpans(db.store, [...spans, ...published]);
  const [totals, edges] = [await queueTotals(db.store, range), await mapEdges(db.store, range)];
  expect(totals.filter(({ name }) => name.includes("older"))).toMatchObject([{ name: "older", system: "aws_sqs", messages: 4 }]);
  const ours = edges.filter(({ peer }) => peer.includes("older")).map(({ kind, system, peer, count }) => [kind, system, peer, count]);
  expect(ours).toEqual([
    ["publish", "aws_sqs", "older", 7],
    ["receive", "aws_sqs", "older", 4],
  ]);
});
