import { describe, expect, it } from "vitest";
import type { Store } from "../store/store.ts";
import { TracesPerFlow } from "./traces-per-flow.ts";

/** Looks at as many traces as a page of flows asks for, one flow being among every `perFlow` traces. */
function page(of: TracesPerFlow, { flows, perFlow }: { flows: number; perFlow: number }): number[] {
  const reads: number[] = [];
  for (let found = 0; found < flows; ) {
    const traces = of.tracesFor(flows - found);
    reads.push(traces);
    for (let at = 1; at <= traces && found < flows; at += 1) {
      of.lookedAt();
      if (at % perFlow !== 0) continue;
      of.found(1);
      found += 1;
    }
  }
  return reads;
}

describe("a page of 50 flows", () => {
  it("reads little more than its flows have traces", () => {
    expect(page(new TracesPerFlow(), { flows: 50, perFlow: 1 })).toEqual([56]);
  });

  it("takes one read after a page that had to learn how many traces a flow has, and keeps to that", () => {
    const store = {} as Store;
    const reads = Array.from({ length: 6 }, () => page(TracesPerFlow.of(store), { flows: 50, perFlow: 2 }));
    expect(reads[0]?.length).toBeGreaterThan(1);
    expect(reads.slice(1).map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
    expect(Math.max(...reads.slice(1).flat())).toBeLessThanOrEqual(112);
  });

  it.for([
    [1, 20],
    [10_000, 400],
  ] as const)("of which %i are missing reads %i traces: neither a handful nor all at once", ([flows, traces]) => {
    expect(new TracesPerFlow().tracesFor(flows)).toBe(traces);
  });
});
