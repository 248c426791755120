/** What a page of flows asks the store for, and what it does not wait for. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { flowListResponseSchema } from "../../schema/api.ts";
import { insertSpans } from "../../test/support/insert-spans.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { fromMs } from "../flow/instant.ts";
import { span, traceIdOf, type SpanInput } from "../flow/test-spans.ts";
import type { Store } from "../store/store.ts";
import { createApp } from "./app.ts";

const startMs = Date.now() - 600_000;
const from = new Date(startMs - 7_200_000).toISOString();
const orders = Array.from({ length: 30 }, (_, n) => `order${String(n)}`);
/** Older than the half hour that a page looks through first. */
const old = "old-order";
const OLD_MS = -3_600_000;
/** A flow as well: its cause is not stored. */
const lost: SpanInput = {
  ...{ trace: "lost", id: "lost", kind: "consumer", service: "mail", at: OLD_MS - 1_000 },
  links: [{ trace: "gone", id: "gone" }],
};

/** An order whose receipt is a trace of its own, joined to it by a link and a message's id. */
function order(trace: string, at: number): SpanInput[] {
  const queue = { "messaging.system": "aws_sqs", "messaging.destination.name": "receipts", "messaging.message.id": trace };
  const receipt = `${trace}-receipt`;
  const links = [{ trace, id: `${trace}-s` }];
  return [
    { trace, id: trace, kind: "server", service: "api", at, ms: 4 },
    { trace, id: `${trace}-s`, parent: trace, kind: "producer", service: "api", at, ms: 1, attributes: queue },
    { trace: receipt, id: receipt, kind: "consumer", service: "mail", at: at + 5, ms: 3, links, attributes: queue },
  ];
}

interface Read {
  readonly sql: string;
  readonly start: number;
  end: number;
}

/** The store, and what was asked of it: of moments only the order is told. */
function watched(store: Store): { store: Store; reads: Read[] } {
  const reads: Read[] = [];
  let moment = 0;
  const watch = async <Answer>(sql: string, answer: Promise<Answer>) => {
    const read = { sql, start: (moment += 1), end: Infinity };
    reads.push(read);
    await answer;
    read.end = moment += 1;
    return answer;
  };
  const watching: Store = {
    ...store,
    query: (sql, ...rest) => watch(sql, store.query(sql, ...rest)),
    queryBlocks: (sql, ...rest) => watch(sql, store.queryBlocks(sql, ...rest)),
  };
  return { store: watching, reads };
}

let test: TestStore;
beforeAll(async () => {
  test = await createTestStore();
  const inputs = [...orders.flatMap((trace, n) => order(trace, n * 10)), ...order(old, OLD_MS), lost];
  await insertSpans(
    test.store,
    inputs.map((input) => ({ ...span(input), startTime: fromMs(startMs + (input.at ?? 0)) })),
  );
});
afterAll(() => test.close());

it("shows whole flows, over the half hour that is looked through first too", async () => {
  const response = await createApp({ store: test.store }).request(`/api/flows?from=${from}`);
  const { flows } = flowListResponseSchema.parse(await response.json());
  expect(flows.map(({ id, stats }) => [id, stats.spans])).toEqual([
    ...[...orders].reverse().map((trace) => [traceIdOf(trace), 3]),
    [traceIdOf(old), 3],
    [traceIdOf("lost"), 1],
  ]);
});

it("asks for linked roots beside origins, for their causes beside the index, and for links beside spans", async () => {
  const { store, reads } = watched(test.store);
  await createApp({ store }).request("/api/flows?limit=25");
  const of = (sql: RegExp) => reads.filter((read) => sql.test(read.sql)) as [Read, ...Read[]];
  const [origins] = of(/"spanId"\s+FROM flow_origins/);
  const [causes] = of(/AS ref\s+FROM flow_origins/);
  const [linked] = of(/FROM linked_roots/);
  const [index] = of(/FROM trace_index/);
  const lookUp = of(/FROM hop_keys/).at(-1);
  const spans = of(/FROM spans/).at(-1);
  expect(linked.start).toBeLessThan(origins.end);
  expect(index.start).toBeLessThan(causes.end);
  // The last read of spans is the wide one, and nothing is looked up after it.
  expect(lookUp?.start).toBeLessThan(spans?.end ?? 0);
});
