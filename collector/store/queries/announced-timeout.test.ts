/** An invocation that was sent as timing out, and again when it ended in time after all. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { insertSpans } from "../../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { fromMs } from "../../flow/instant.ts";
import { span, TEST_EPOCH_MS, type SpanInput } from "../../flow/test-spans.ts";
import { functionRollup, queueRollup } from "./alert-span-rollups.ts";
import { functionTotals } from "./functions.ts";
import { queueTotals } from "./queues.ts";

const nowMs = Math.floor(Date.now() / 60_000) * 60_000;
const range = { from: fromMs(nowMs - 300_000), to: fromMs(nowMs + 60_000) };
const run = (timedOut: boolean, more: Partial<SpanInput>): SpanInput => ({
  trace: "late",
  id: "late",
  kind: "consumer",
  at: nowMs - 120_000 - TEST_EPOCH_MS,
  attributes: {
    "faas.trigger": "pubsub",
    "messaging.system": "aws_sqs",
    "messaging.operation.type": "process",
    "messaging.destination.name": "payments",
    "hopscope.timeout": timedOut,
  },
  resource: { "faas.name": "payment" },
  ...more,
});

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
  await insertSpans(db.store, [span(run(true, { ms: 2_800, status: "error" }))]);
  await insertSpans(db.store, [span(run(false, { ms: 2_950 }))]);
});
afterAll(() => db.close());

it("counts once for its function, as the timeout that was announced", async () => {
  expect(await functionTotals(db.store, range)).toMatchObject([{ invocations: 1, errors: 1, timeouts: 1 }]);
});

it("counts once for its queue", async () => {
  expect(await queueTotals(db.store, range)).toMatchObject([{ name: "payments", messages: 1, failures: 1 }]);
});

it.for([
  ["function", functionRollup, "sum(invocations), sum(errors), sum(timeouts)", ["1", "1", "1"]],
  ["queue", queueRollup, "sum(messages), sum(failures)", ["1", "1"]],
] as const)("counts as often for its %s where a rule's scope names attributes", async ([, rollup, sums, expected]) => {
  const params: Record<string, unknown> = { lo: nowMs / 1000 - 300, hi: nowMs / 1000 };
  const source = rollup({ "messaging.destination.name": "payments" }, params);
  const [row] = await db.store.query<{ counts: string[] }>(`SELECT [${sums}] AS counts FROM ${source}`, params);
  expect(row?.counts).toEqual(expected);
});
