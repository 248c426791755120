import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { putSetting, queryHistory, querySettings } from "./alert-history.ts";
import { appendEntry, beat, readLog, readTail, type LogEntry } from "./alert-log.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

let base = 0;
beforeEach(() => {
  // A log of its own for each test: numbers that were used stay used.
  base += 1000;
});
const entry = (seq: number, changes: Partial<LogEntry> = {}): LogEntry => ({
  seq: base + seq,
  epoch: base,
  holder: "a",
  kind: "entry",
  payload: "{}",
  ...changes,
});

describe("the alert log", () => {
  it("lets exactly one of many writers have a number", async () => {
    const wrote = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        appendEntry(db.store, entry(1, { holder: `h${n}`, payload: `{"n":${n}}` })),
      ),
    );
    expect(wrote.filter(Boolean)).toHaveLength(1);
    const rows = await db.store.query("SELECT count() AS count FROM alert_log WHERE seq = {seq:UInt64}", {
      seq: base + 1,
    });
    expect(rows).toEqual([{ count: "1" }]);
  });

  it("takes the same entry again, as after a lost answer", async () => {
    expect(await appendEntry(db.store, entry(1))).toBe(true);
    expect(await appendEntry(db.store, entry(1))).toBe(true);
  });

  it("begins at the newest snapshot and leaves out what an older epoch wrote after a newer one", async () => {
    await appendEntry(db.store, entry(1, { payload: "old" }));
    await appendEntry(db.store, entry(2, { kind: "snapshot", payload: "s" }));
    await appendEntry(db.store, entry(3, { kind: "claim", epoch: base + 1, holder: "b" }));
    await appendEntry(db.store, entry(4, { payload: "stale" }));
    await appendEntry(db.store, entry(5, { epoch: base + 1, holder: "b", payload: "é".repeat(1000) }));
    const log = await readLog(db.store);
    expect(log.map((one) => one.payload)).toEqual(["s", "{}", "é".repeat(1000)]);
  });

  it("knows how long its holder has been silent", async () => {
    await appendEntry(db.store, entry(1, { kind: "claim" }));
    await beat(db.store, base, "a");
    const tail = await readTail(db.store);
    expect(tail).toMatchObject({ seq: base + 1, epoch: base, holder: "a" });
    expect(tail.silentMs).toBeLessThan(10_000);
  });

  it("fills the history with the decision", async () => {
    const item = {
      atMs: 1_795_000_000_000,
      ruleId: "r",
      change: "fired",
      condition: "value",
      labels: { f: "a" },
      windowEndMs: 1_795_000_000_000,
      value: 0.5,
      reason: null,
      past: false,
    };
    await appendEntry(db.store, entry(1, { payload: JSON.stringify({ history: [item] }) }));
    await appendEntry(db.store, entry(1, { payload: JSON.stringify({ history: [item] }) }));
    const range = { fromMs: item.atMs - 1000, toMs: item.atMs + 1000, limit: 10 };
    expect(await queryHistory(db.store, range)).toEqual([item]);
    expect(await queryHistory(db.store, { ...range, ruleId: "other" })).toEqual([]);
  });
});

describe("settings of the API", () => {
  it("are what was put last, and gone when deleted", async () => {
    await putSetting(db.store, "rule", "a", "1");
    await putSetting(db.store, "rule", "b", "1");
    await putSetting(db.store, "rule", "b", null);
    await putSetting(db.store, "silence", "a", "s");
    expect([...(await querySettings(db.store, "rule"))]).toEqual([["a", "1"]]);
  });
});
