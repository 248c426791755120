import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { xxh3 } from "./xxh3.ts";

let db: TestStore;
beforeAll(async () => {
  db = await createTestStore();
});
afterAll(() => db.close());

it("hashes texts of every length as the store does", async () => {
  const any = (length: number) =>
    fc.sample(fc.string({ minLength: length, maxLength: length }), { numRuns: 1, seed: length });
  const lengths = [...Array.from({ length: 300 }, (_, length) => length), 1024, 1025, 1088, 2048, 3000];
  const texts = [...lengths.flatMap(any), "é", "🦊".repeat(20)];
  const rows = await db.store.query<{ hash: string }>("SELECT xxh3(arrayJoin({texts:Array(String)})) AS hash", { texts });
  expect(texts.map((text) => String(xxh3(Buffer.from(text))))).toEqual(rows.map(({ hash }) => hash));
});
