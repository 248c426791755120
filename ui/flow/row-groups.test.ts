import { describe, expect, it } from "vitest";
import { FlowBuilder, spanId, traceId } from "../fixtures/flow-builder.ts";
import { indexed } from "../fixtures/indexed.ts";
import { buildRows, visibleRows } from "./rows.ts";

const START = "2026-11-21T12:00:00.000000000Z";

/** One function that calls `counts` times what the name says, each call with a call of its own below it. */
function callingFlow(counts: Record<string, number>, failing: ReadonlySet<number> = new Set()) {
  const builder = new FlowBuilder(traceId(1), START);
  const names = Object.entries(counts).flatMap(([name, count]) => Array.from({ length: count }, () => name));
  const ids = [spanId(1)];
  builder.span({ id: spanId(1), name: "settle", service: "shop", kind: "server", at: 0, forMs: 1000 });
  for (const [index, name] of names.entries()) {
    const id = spanId(2 + index * 2);
    const below = spanId(3 + index * 2);
    const fails = failing.has(index) ? { fails: { type: "E", message: "m", stack: "" } } : {};
    const at = index * 10;
    builder.span({ id, parent: spanId(1), name, service: "shop", kind: "client", at, forMs: index + 1, ...fails });
    builder.span({ id: below, parent: id, name: "tcp", service: "shop", kind: "client", at, forMs: 1 });
    ids.push(id, below);
  }
  const invocation = `inv:${spanId(1)}`;
  builder.node({ id: invocation, kind: "invocation", name: "settle", service: "shop", at: 0, forMs: 1000, spanIds: ids });
  return buildRows(indexed(builder.build("settle", [invocation])));
}

describe("siblings that are alike", () => {
  it("become one row with their count, their durations and their failures", () => {
    const rows = callingFlow({ "charge-card": 40, "PUT receipt": 2 }, new Set([3, 7]));
    const [group, ...others] = [...rows].filter(({ depth }) => depth === 1);
    expect(group).toMatchObject({ kind: "group", name: "charge-card", note: "× 40", failed: false });
    expect(group?.tags.map(({ text }) => text)).toEqual(["p50 20 ms", "max 40 ms", "2 failed"]);
    expect(others.map(({ name }) => name)).toEqual(["PUT receipt", "PUT receipt"]);
  });

  it("are all below it in order, with what is below each", () => {
    const rows = callingFlow({ "charge-card": 40 });
    const at = [...rows].findIndex(({ kind }) => kind === "group");
    const group = rows.at(at);
    expect(group?.endIndex).toBe(at + 81);
    expect([...rows].slice(at + 1, at + 5).map(({ name, depth }) => `${depth} ${name}`)).toEqual([
      "2 charge-card",
      "3 tcp",
      "2 charge-card",
      "3 tcp",
    ]);
    const drawn = visibleRows(rows, new Set([at]));
    expect([...drawn].map((index) => rows.at(index)?.name)).toEqual(["settle", "charge-card"]);
  });

  it("stay as they are when they are few", () => {
    expect([...callingFlow({ "charge-card": 4 })].some(({ kind }) => kind === "group")).toBe(false);
  });

  it("are drawn as a few stretches, however many they are", () => {
    const rows = callingFlow({ "charge-card": 3000 });
    expect([...rows].find(({ kind }) => kind === "group")?.segments.length).toBeLessThan(81);
  });

  it("keep the group's identity when more of them arrive", () => {
    const id = (count: number) => [...callingFlow({ "charge-card": count })].find(({ kind }) => kind === "group")?.id;
    expect(id(10)).toBe(id(30));
  });
});
