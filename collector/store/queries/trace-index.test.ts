import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { SECONDS_PER_SLOT } from "./slots.ts";
import { TraceIndex } from "./trace-index.ts";
import { traceRef } from "./trace-ref.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

const anyTraceId = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 }).map((bytes) => {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
});

it("hashes a trace id as the store does", async () => {
  const traceIds = ["0".repeat(32), "f".repeat(32), ...fc.sample(anyTraceId, { numRuns: 500, seed: 3 })];
  const rows = await db.store.query<{ ref: number }>(
    "SELECT xxHash32(unhex(arrayJoin({traceIds:Array(String)}))) AS ref",
    { traceIds },
  );
  expect(traceIds.map(traceRef)).toEqual(rows.map(({ ref }) => ref));
});

it("has the slots of a trace that came in several inserts, and asks for no trace twice", async () => {
  const [traceId = "", other = "", unknown = ""] = fc.sample(anyTraceId, { numRuns: 3, seed: 5 });
  const slot = Math.floor(Date.now() / 1000 / SECONDS_PER_SLOT) * SECONDS_PER_SLOT;
  for (const [id, slots] of [[traceId, 2], [traceId, 0], [other, 1], [traceId, 1]] as const) {
    await db.store.command(
      "INSERT INTO spans (trace_id, span_ids, start_time) SELECT unhex({id:String}), 'span-one', fromUnixTimestamp({at:UInt32})",
      { id, at: slot - slots * SECONDS_PER_SLOT },
    );
  }
  let asked = 0;
  const counting: typeof db.store = {
    ...db.store,
    queryBlocks: (...args) => {
      asked += 1;
      return db.store.queryBlocks(...args);
    },
  };
  const index = new TraceIndex(counting);
  const own = { traceId, firstSlot: slot - 2 * SECONDS_PER_SLOT, lastSlot: slot };
  expect(await index.slotsOf([traceId], {})).toEqual([own]);
  expect(await index.slotsOf([traceId], {})).toEqual([own]);
  expect((await index.tracesOf([traceRef(traceId)], {})).get(traceRef(traceId))).toEqual([own]);
  expect(asked).toBe(1);
  const before = slot - SECONDS_PER_SLOT;
  const both = await index.slotsOf([other, traceId, unknown], {});
  expect(both).toEqual([{ traceId: other, firstSlot: before, lastSlot: before }, own]);
  expect(asked).toBe(2);
});
