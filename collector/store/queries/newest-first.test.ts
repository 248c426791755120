import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newestFirst, type Range } from "./newest-first.ts";

interface Item {
  readonly key: string;
  readonly atMs: number;
}

const toMs = Date.parse("2026-03-01T12:00:00.000Z");
const hourMs = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();

/** Answers as the store does, and notes which parts it was asked for. */
function searching(items: readonly Item[], { hours, limit }: { readonly hours: number; readonly limit: number }) {
  const parts: Range[] = [];
  const inPart = ({ from, to }: Range) =>
    items
      .filter(({ atMs }) => atMs >= Date.parse(from) && atMs < Date.parse(to))
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, limit);
  const range = { from: iso(toMs - hours * hourMs), to: iso(toMs) };
  /** As resources say it: to the second, and of the whole range. */
  const until = async ({ from, to }: Range) => {
    const [last] = inPart({ from, to });
    return Promise.resolve(last ? iso(Math.min(Math.floor(last.atMs / 1000) * 1000 + 1000, Date.parse(to))) : from);
  };
  const search = { ...range, limit, keyOf: ({ key }: Item) => key, isCut: () => false, until };
  const find = async (part: Range) => {
    parts.push(part);
    return Promise.resolve(inPart(part));
  };
  return { range, parts, search, find, all: inPart(range) };
}

const hoursOf = ({ from, to }: Range) => (Date.parse(to) - Date.parse(from)) / hourMs;

const agoMs = fc.integer({ min: 0, max: 80 * hourMs });

describe("the newest of a range", () => {
  it("are those that a search of the whole range finds, in their order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(agoMs, { maxLength: 40 }),
        fc.integer({ min: 0, max: 90 }),
        fc.integer({ min: 1, max: 20 }),
        async (agos, hours, limit) => {
          const items = agos.map((ago) => ({ key: String(ago), atMs: toMs - ago }));
          const { search, find, all } = searching(items, { hours, limit });
          expect(await newestFirst(search, find)).toEqual(all);
        },
      ),
    );
  });

  it("are looked for in no instant twice, and in every one where there are few", async () => {
    const { search, find, parts, range } = searching([{ key: "a", atMs: toMs - 1 }], { hours: 50, limit: 2 });
    await newestFirst(search, find);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map(({ to }) => to)).toEqual([range.to, ...parts.slice(0, -1).map(({ from }) => from)]);
    expect(parts.at(-1)?.from).toBe(range.from);
  });

  it.for([
    ["many lie close", [1, 2], 1],
    ["the newest are hours old", [hourMs, hourMs + 1], 2],
    ["there are none", [], 2],
    ["they ended long ago", [15 * hourMs, 15 * hourMs + 1, 15 * hourMs + 2], 3],
  ] as const)("take few searches where %s", async ([, agos, searches]) => {
    const items = agos.map((ago) => ({ key: String(ago), atMs: toMs - ago }));
    const { search, find, parts } = searching(items, { hours: 24, limit: 2 });
    await newestFirst(search, find);
    expect(parts).toHaveLength(searches);
  });

  it("are looked for as far as those found say that the rest lies", async () => {
    const agos = Array.from({ length: 1000 }, (_, at) => 20 + at * 24);
    const items = agos.map((agoS) => ({ key: String(agoS), atMs: toMs - agoS * 1000 }));
    const { search, find, parts } = searching(items, { hours: 48, limit: 100 });
    await newestFirst(search, find);
    expect(parts.map(hoursOf)).toEqual([0.5, 0.5]);
  });

  it("are looked for in the whole rest after three parts without any", async () => {
    const { search, find, parts } = searching([{ key: "old", atMs: toMs - 40 * hourMs }], { hours: 48, limit: 1 });
    const found = await newestFirst({ ...search, until: async ({ to }) => Promise.resolve(to) }, find);
    expect(found.map(({ key }) => key)).toEqual(["old"]);
    expect(parts.map(hoursOf)).toEqual([0.5, 2, 8, 37.5]);
  });

  it("has what is found twice at its newest place alone", async () => {
    const items = [1, hourMs, 2 * hourMs].map((ago) => ({ key: "same", atMs: toMs - ago }));
    const { search, find } = searching(items, { hours: 24, limit: 3 });
    expect(await newestFirst(search, find)).toEqual([{ key: "same", atMs: toMs - 1 }]);
  });

  it("ends where a bound cut the search", async () => {
    const { search, find, parts } = searching([{ key: "old", atMs: toMs - hourMs }], { hours: 24, limit: 2 });
    expect(await newestFirst({ ...search, isCut: () => true }, find)).toEqual([]);
    expect(parts).toHaveLength(1);
  });
});
