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

/** A span of this trace at this second. */
async function insertSpan(traceId: string, at: number): Promise<void> {
  await db.store.command(
    "INSERT INTO spans (trace_id, span_ids, start_time) SELECT unhex({traceId:String}), 'span-one', fromUnixTimestamp({at:UInt32})",
    { traceId, at },
  );
}

/** The middle of an hour that is over. */
const HALF_PAST = Math.floor(Date.now() / 3_600_000) * 3600 - 1800;

it("has the slots of a trace that came in several inserts, and asks for no trace twice", async () => {
  const [traceId = "", other = "", unknown = ""] = fc.sample(anyTraceId, { numRuns: 3, seed: 5 });
  const slot = HALF_PAST;
  for (const [id, slots] of [[traceId, 2], [traceId, 0], [other, 1], [traceId, 1]] as const) {
    await insertSpan(id, slot - slots * SECONDS_PER_SLOT);
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
  const own = { traceId, firstSlot: slot - 2 * SECONDS_PER_SLOT, lastSlot: slot, columnGroups: 0 };
  expect(await index.slotsOf([traceId], {})).toEqual([own]);
  expect(await index.slotsOf([traceId], {})).toEqual([own]);
  expect((await index.tracesOf([traceRef(traceId)], {})).get(traceRef(traceId))).toEqual(new Map([[traceId, [own]]]));
  expect(asked).toBe(1);
  const before = slot - SECONDS_PER_SLOT;
  const both = await index.slotsOf([other, traceId, unknown], {});
  expect(both).toEqual([{ traceId: other, firstSlot: before, lastSlot: before, columnGroups: 0 }, own]);
  expect(asked).toBe(2);
});

it("names nothing between the hours of a trace that went on after days, before and after its rows are merged", async () => {
  const [traceId = ""] = fc.sample(anyTraceId, { numRuns: 1, seed: 7 });
  const days = [0, 1, 3].map((day) => HALF_PAST - day * 86_400).reverse();
  for (const at of [...days, HALF_PAST - SECONDS_PER_SLOT]) await insertSpan(traceId, at);
  const [first, second, last] = days as [number, number, number];
  const hours = [
    { traceId, firstSlot: first, lastSlot: first, columnGroups: 0 },
    { traceId, firstSlot: second, lastSlot: second, columnGroups: 0 },
    { traceId, firstSlot: last - SECONDS_PER_SLOT, lastSlot: last, columnGroups: 0 },
  ];
  expect(await new TraceIndex(db.store).slotsOf([traceId], {})).toEqual(hours);
  await db.store.command("OPTIMIZE TABLE trace_index FINAL");
  expect(await new TraceIndex(db.store).slotsOf([traceId], {})).toEqual(hours);
});
