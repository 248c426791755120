import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { nativeBlocks, type NativeBlock } from "./native-answer.ts";
import type { Column, FlatColumn } from "./native-columns.ts";

let test: TestStore;
beforeAll(async () => {
  test = await createTestStore();
});
afterAll(() => test.close());

const UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
const NIL = "00000000-0000-0000-0000-000000000000";

/** A value of each row, as JSON has it; a map as its pairs. */
function valuesOf(column: Column, rows: number): unknown[] {
  if (!("ends" in column)) return Array.from(column.values).slice(0, rows);
  const items = valuesOf(column.items, column.ends.at(-1) ?? 0);
  const keys = "keys" in column ? Array.from(column.keys.values) : undefined;
  return Array.from(column.ends, (end, row) => {
    const start = row === 0 ? 0 : column.ends[row - 1];
    const own = items.slice(start, end);
    return keys ? keys.slice(start, end).map((key, at) => [key, own[at]]) : own;
  });
}

interface Answer {
  readonly values: unknown[];
  readonly blocks: NativeBlock[];
}

async function read(sql: string, params?: Record<string, unknown>): Promise<Answer> {
  const blocks = await test.store.queryBlocks(sql, params);
  return { values: blocks.flatMap((block) => valuesOf(block.flat("value"), block.rows)), blocks };
}

describe("columns of an answer", () => {
  it.for([
    ["arrayJoin([0, 255])::UInt8", [0, 255]],
    ["arrayJoin([0, 65535])::UInt16", [0, 65_535]],
    ["arrayJoin([0, 4294967295])::UInt32", [0, 4_294_967_295]],
    ["arrayJoin([0, 1, 9007199254740991, 9007199254740993])::UInt64", [0, 1, 2 ** 53 - 1, "9007199254740993"]],
    ["arrayJoin([-1, -9007199254740993])::Int64", [-1, "-9007199254740993"]],
    ["arrayJoin([0., 0.1, inf, -inf])::Float64", [0, 0.1, Infinity, -Infinity]],
    [`arrayJoin([toUUID('${UUID}'), toUUID('${NIL}')])`, [UUID, ""]],
    ["arrayJoin([unhex('00ff7f8001020304'), ''])::FixedString(8)", ["00ff7f8001020304", "0".repeat(16)]],
    ["arrayJoin([[repeat('a', 16)], []])::Array(FixedString(16))", [["61".repeat(16)], []]],
    ["arrayJoin(['', 'a', repeat('é', 3), ''])", ["", "a", "ééé", ""]],
    ["arrayJoin(['', repeat('x', 300)])", ["", "x".repeat(300)]],
    ["toLowCardinality(arrayJoin(['b', '', 'b', 'é']))", ["b", "", "b", "é"]],
    ["arrayJoin([[1], [], [2, 3]])::Array(UInt64)", [[1], [], [2, 3]]],
    ["arrayJoin([['a', 'b'], []])::Array(LowCardinality(String))", [["a", "b"], []]],
    ["arrayJoin([map(), map('a', 1, 'b', -2)])::Map(LowCardinality(String), Int64)", [[], [["a", 1], ["b", -2]]]],
    ["map('a', 'x')::Map(LowCardinality(String), String)", [[["a", "x"]]]],
  ] as const)("%s", async ([sql, expected]) => {
    expect((await read(`SELECT ${sql} AS value`)).values).toEqual(expected);
  });

  it("hold any text as it went in, whatever others are beside it", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "🦊", "\0", "\n", "'"), maxLength: 200 });
    const texts = fc.array(text, { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        const sql = "SELECT arrayJoin({given:Array(String)}) AS value";
        expect((await read(sql, { given })).values).toEqual(given);
        const shared = "SELECT toLowCardinality(arrayJoin({given:Array(String)})) AS value";
        expect((await read(shared, { given })).values).toEqual(given);
      }),
      { numRuns: 40 },
    );
  });

  it("are whole over several blocks, and where texts are too many for one byte each", async () => {
    const shared = "toLowCardinality(toString(number % 300))";
    const sql = `SELECT ${shared} AS value FROM numbers(2000) SETTINGS max_block_size = 700`;
    const { values, blocks } = await read(sql);
    expect(values).toEqual(Array.from({ length: 2000 }, (_, number) => String(number % 300)));
    expect(blocks.length).toBeGreaterThan(1);
  });

  it.for([
    ["'' AS value", true],
    ["map()::Map(LowCardinality(String), String) AS value", true],
    ["toLowCardinality('') AS value", true],
    ["-0. AS value", false],
    ["arrayJoin(['', 'a']) AS value", false],
  ] as const)("are blank where nothing is in them: %s is %s", async ([sql, isBlank]) => {
    const { blocks } = await read(`SELECT ${sql}`);
    expect((blocks[0]?.flat("value") as FlatColumn).isBlank).toBe(isBlank);
  });

  it("of an answer without rows are none", async () => {
    expect(await test.store.queryBlocks("SELECT name, attributes_string FROM spans")).toEqual([]);
  });
});

describe("an answer that cannot be read says so", () => {
  it("by the type that is not known", async () => {
    await expect(test.store.queryBlocks("SELECT now() AS value")).rejects.toThrow("a column of type DateTime");
  });

  it("by the column that is not there", async () => {
    const [block] = await test.store.queryBlocks("SELECT 1 AS value");
    expect(() => block?.flat("other")).toThrow("no column other");
  });

  it("by its early end", () => {
    // One column `v` of type String, two rows, of which there is one.
    const bytes = Buffer.from("\x01\x02\x01v\x06String\x01a", "latin1");
    expect(() => [...nativeBlocks(bytes)]).toThrow("ends too early");
  });
});
