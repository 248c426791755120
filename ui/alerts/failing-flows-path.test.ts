import { describe, expect, it } from "vitest";
import type { AlertHistory } from "@hopscope/schema/alert-api";
import { failingFlowsPath } from "./failing-flows-path.ts";

type Change = AlertHistory["changes"][number];

const PAY = { service: "shop", function: "pay" };
const change = (kind: string, minute: number, labels: Record<string, string> = PAY): Change => ({
  at: `2026-11-20T12:${String(minute)}:00.000Z`,
  ruleId: "errors",
  change: kind,
  condition: "value",
  labels,
  windowEnd: `2026-11-20T12:${String(minute)}:00.000Z`,
  value: 1,
  valueText: "1",
  reason: null,
  past: false,
});
const first = [change("fired", 10), change("resolved", 20)] as const;
const second = [change("fired", 30), change("resolved", 40)] as const;
const other = [change("fired", 15, { service: "shop" }), change("resolved", 18, { service: "shop" })] as const;
const history = [...second, ...other, ...first];

describe("a firing's link", () => {
  it.for([
    ["from its begin to its end", first[0], "11:10", "12:21"],
    ["from its end, to the same firing", first[1], "11:10", "12:21"],
    ["of a later firing, to that one", second[0], "11:30", "12:41"],
    ["of a window seen late, to that window", change("late-breach", 25), "11:25", "12:26"],
    ["that has not ended, up to now", change("fired", 50), "11:50", null],
    ["whose begin is not in the history, from its end", change("resolved", 59, { service: "a" }), "11:59", "13:00"],
  ] as const)("leads %s", ([, given, from, to]) => {
    const { searchParams } = new URL(failingFlowsPath(given, history) ?? "", "http://localhost");
    expect(searchParams.get("from")).toBe(`2026-11-20T${from}:00.000Z`);
    expect(searchParams.get("to")).toBe(to && `2026-11-20T${to}:00.000Z`);
  });

  it("names service, function and queue, and what has not failed in the queue", () => {
    const path = failingFlowsPath(change("fired", 10, { ...PAY, queue: "orders" }), []) ?? "";
    const query = Object.fromEntries(new URL(path, "http://localhost").searchParams);
    expect(query).toMatchObject({ ...PAY, destination: "orders" });
    expect(query).not.toHaveProperty("status");
  });

  it("is not there where no label says where to look", () => {
    expect(failingFlowsPath(change("fired", 10, { tenant: "acme" }), [])).toBeUndefined();
  });
});
