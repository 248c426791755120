import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Truncated } from "../../../schema/api.ts";
import { withinTogether } from "./reading.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it.for([
  [0, 20],
  [15_000, 5],
  [60_000, 1],
])("a query that begins %i ms after the first has %i s of the 20 that all have", ([agoMs = 0, leftS]) => {
  const together = withinTogether({ timeS: 20, rowsRead: 7 }, {});
  vi.advanceTimersByTime(agoMs);
  expect(together.options().bounds).toEqual({ timeS: leftS, rowsRead: 7 });
});

it("a cut is known, and said with the time that all had", () => {
  const cuts: Truncated[] = [];
  const together = withinTogether({ timeS: 20 }, { onCut: (cut) => cuts.push(cut) });
  vi.advanceTimersByTime(15_000);
  const { onCut } = together.options();
  expect(together.isCut()).toBe(false);
  onCut?.({ limit: "time", value: 5 });
  onCut?.({ limit: "rows", value: 7 });
  expect(together.isCut()).toBe(true);
  expect(cuts).toEqual([
    { limit: "time", value: 20 },
    { limit: "rows", value: 7 },
  ]);
});
