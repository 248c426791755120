import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { flowOrigins, type Origin } from "./flow-origins.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

/** Of one trace; `insert` says in which insert it comes. */
const anySpan = fc.record({
  ms: fc.integer({ min: 0, max: 50 }),
  kind: fc.constantFrom(1, 2, 5),
  hasParent: fc.boolean(),
  hasLink: fc.boolean(),
  insert: fc.integer({ min: 0, max: 2 }),
});
type AnySpan = typeof anySpan extends fc.Arbitrary<infer Value> ? Value : never;

const tracesPerRun = 40;
const dayMs = 86_400_000;
const startMs = Math.floor(Date.now() / dayMs) * dayMs;
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");

it("has the first root of a trace, else its first invocation, else its first orphan, however its spans were cut into inserts", async () => {
  const traces = fc.sample(fc.array(anySpan, { minLength: 1, maxLength: 6 }), { numRuns: tracesPerRun, seed: 7 });
  const rows = traces.flatMap((spans, trace) => spans.map((span, at) => ({ ...span, trace: trace + 1, at: at + 1 })));
  for (const insert of [0, 1, 2]) {
    const own = rows.filter((row) => row.insert === insert);
    await db.store.command(
      `INSERT INTO spans (trace_id, span_ids, start_time, kind, \`links.trace_id\`, \`links.span_id\`)
       SELECT unhex(row.1), concat(unhex(row.2), unhex(row.3)), fromUnixTimestamp64Milli(row.4), row.5,
         if(row.6, [toFixedString(repeat('l', 16), 16)], []), if(row.6, [toFixedString(repeat('l', 8), 8)], [])
       FROM (SELECT arrayJoin(JSONExtract({rows:String}, 'Array(Tuple(String, String, String, Int64, UInt8, Bool))')) AS row)`,
      {
        rows: JSON.stringify(
          own.map(({ trace, at, hasParent, ms, kind, hasLink }) => {
            return [hex(trace, 32), hex(at, 16), hex(hasParent ? 99 : 0, 16), startMs + ms, kind, hasLink];
          }),
        ),
      },
    );
  }
  const found = await flowOrigins(db.store, {
    from: new Date(startMs).toISOString(),
    to: new Date(startMs + 1_000).toISOString(),
    limit: 1_000,
  });
  const listed = new Set(found.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
  expect(found.length).toBeLessThanOrEqual(rows.length);
  for (const [index, spans] of traces.entries()) {
    const first = firstOf(spans);
    if (first >= 0) expect(listed).toContain(`${hex(index + 1, 32)} ${hex(first + 1, 16)}`);
  }
});

it("gives each origin once and in order, page by page, over hours with many and with none", async () => {
  const minutes = [0, 1, 2, 29, 30, 31, 90, 600, 601, 1_300];
  const endMs = startMs - dayMs;
  const ids = minutes.map((_, at) => hex(at + 1_000, 32));
  await db.store.command(
    `INSERT INTO flow_origins (trace_id, span_id, start_time)
     SELECT unhex(row.1), unhex('0000000000000001'), fromUnixTimestamp64Milli(row.2)
     FROM (SELECT arrayJoin(JSONExtract({rows:String}, 'Array(Tuple(String, Int64))')) AS row)`,
    { rows: JSON.stringify(minutes.map((minute, at) => [ids[at], endMs - minute * 60_000])) },
  );
  const range = { from: new Date(endMs - dayMs).toISOString(), to: new Date(endMs + 1).toISOString() };
  for (const limit of [1, 3, 100]) {
    const found: string[] = [];
    for (let after: Origin | undefined, isFirst = true; isFirst || after; isFirst = false) {
      const page = await flowOrigins(db.store, { ...range, after, limit });
      found.push(...page.map(({ traceId }) => traceId));
      after = page.at(-1);
    }
    expect(found).toEqual(ids);
  }
});

/** Place of the span at which the trace's flow is listed; -1 where there is none. */
function firstOf(spans: readonly AnySpan[]): number {
  const places = [...spans.keys()].sort((a, b) => (spans[a]?.ms ?? 0) - (spans[b]?.ms ?? 0) || a - b);
  const isRoot = (at: number) => spans[at]?.hasParent === false && !spans[at].hasLink;
  const isTaken = (at: number) => spans[at]?.hasParent === true && spans[at].kind !== 1;
  return places.find(isRoot) ?? places.find(isTaken) ?? places.find((at) => spans[at]?.hasParent) ?? -1;
}
