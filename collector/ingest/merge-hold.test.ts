import { expect, it, vi } from "vitest";
import { silentLog } from "../store/log.ts";
import { mergesHeldMaxInserts } from "./limits.ts";
import { MergeHold } from "./merge-hold.ts";

/** A hold of a store that hears what it is told, but for the first `failures` times. */
function holdOf({ failures = 0 } = {}) {
  const heard: boolean[] = [];
  const stopping = new AbortController();
  let left = failures;
  const holdMerges = vi.fn((isHeld: boolean) => {
    if (left-- > 0) return Promise.reject(new Error("no answer"));
    heard.push(isHeld);
    return Promise.resolve();
  });
  const hold = new MergeHold({ store: { holdMerges }, log: silentLog, signal: stopping.signal });
  const inserts = async (count: number, isBehind: boolean) => {
    for (let insert = 0; insert < count; insert += 1) {
      hold.insertBegins({ isBehind });
      await hold.settled();
    }
  };
  return { hold, heard, inserts, holdMerges, stopping };
}

it("lets merges wait while inserts wait for one another, until nothing is left", async () => {
  const { hold, heard, inserts } = holdOf();
  await inserts(3, false);
  expect(heard).toEqual([]);
  await inserts(3, true);
  expect(heard).toEqual([true]);
  hold.release();
  await hold.settled();
  expect(heard).toEqual([true, false]);
});

it("lets merges go on when an insert need not wait", async () => {
  const { heard, inserts } = holdOf();
  await inserts(1, true);
  await inserts(1, false);
  expect(heard).toEqual([true, false]);
});

it("lets merges wait for so many inserts and no more, and again after as many without", async () => {
  const { heard, inserts } = holdOf();
  await inserts(mergesHeldMaxInserts, true);
  expect(heard).toEqual([true]);
  await inserts(1, true);
  expect(heard).toEqual([true, false]);
  await inserts(mergesHeldMaxInserts - 1, true);
  expect(heard).toEqual([true, false]);
  await inserts(1, true);
  expect(heard).toEqual([true, false, true]);
});

it("does not let short breaks make merges wait for longer", async () => {
  const { hold, heard, inserts } = holdOf();
  for (let burst = 0; burst < 3; burst += 1) {
    await inserts(mergesHeldMaxInserts / 2, true);
    hold.release();
    await hold.settled();
  }
  expect(heard.filter((isHeld) => isHeld).length).toBeGreaterThan(1);
  await inserts(2, true);
  expect(heard.at(-1)).toBe(false);
});

it("tells a store until it hears, and the last that was wanted", async () => {
  const { hold, heard, holdMerges } = holdOf({ failures: 2 });
  hold.insertBegins({ isBehind: true });
  hold.release();
  await hold.settled();
  expect(holdMerges).toHaveBeenCalledTimes(3);
  // Nobody knows whether it had heard the first: it is told that merges go on.
  expect(heard).toEqual([false]);
});

it("gives up on a store that is gone once the collector ends", async () => {
  const { hold, holdMerges, stopping } = holdOf({ failures: Infinity });
  hold.insertBegins({ isBehind: true });
  stopping.abort();
  hold.release();
  await hold.settled();
  expect(holdMerges.mock.calls.length).toBeLessThanOrEqual(2);
});

it("leaves a server that is not the collector's own alone", async () => {
  const hold = new MergeHold({ store: {}, log: silentLog, signal: new AbortController().signal });
  hold.insertBegins({ isBehind: true });
  await expect(hold.settled()).resolves.toBeUndefined();
});
