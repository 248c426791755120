import { describe, expect, it } from "vitest";
import type { AlertHistory } from "@hopscope/schema/alert-api";
import { flowsOfAlert, flowsOfChange } from "./alert-flows-path.ts";

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

const RULE = { kind: "errors", windowMs: 300_000, forMs: 120_000 };
const queryOf = (path = ""): URLSearchParams => new URL(path, "http://localhost").searchParams;

describe("a firing's link", () => {
  it.for([
    ["from its begin to its end", first[0], "12:02", "12:21"],
    ["from its end, to the same firing", first[1], "12:02", "12:21"],
    ["of a later firing, to that one", second[0], "12:22", "12:41"],
    ["of a window seen late, to that window", change("late-breach", 25), "12:19", "12:26"],
    ["that has not ended, up to now", change("fired", 50), "12:42", null],
    ["whose begin is not in the history, from its end", change("resolved", 59, { service: "a" }), "12:51", "13:00"],
  ] as const)("leads %s", ([, given, from, to]) => {
    const query = queryOf(flowsOfChange(given, history, RULE)?.path);
    expect(query.get("from")).toBe(`2026-11-20T${from}:00.000Z`);
    expect(query.get("to")).toBe(to && `2026-11-20T${to}:00.000Z`);
  });

  it("goes an hour back where the rule is gone", () => {
    const { path, words } = flowsOfChange(first[0], history, undefined) ?? {};
    expect([queryOf(path).get("from"), words]).toEqual(["2026-11-20T11:09:00.000Z", "Flows"]);
  });

  it("names service, function and queue, and failures where the rule counts them", () => {
    const labels = { ...PAY, queue: "orders" };
    const waiting = flowsOfChange(change("fired", 10, labels), [], { ...RULE, kind: "queue-wait" });
    expect(Object.fromEntries(queryOf(waiting?.path))).toMatchObject({ ...PAY, destination: "orders" });
    expect([queryOf(waiting?.path).has("status"), waiting?.words]).toEqual([false, "Flows"]);
    const failing = flowsOfChange(change("fired", 10), [], RULE);
    expect([queryOf(failing?.path).get("status"), failing?.words]).toEqual(["error", "Failing flows"]);
  });

  it("is not there where no label says where to look", () => {
    expect(flowsOfChange(change("fired", 10, { tenant: "acme" }), [], RULE)).toBeUndefined();
  });
});

it("an alert's link leads to the flows since the window in which its condition first held", () => {
  const { path } = flowsOfAlert({ labels: PAY, since: "2026-11-20T12:30:00.000Z" }, RULE) ?? {};
  expect(Object.fromEntries(queryOf(path))).toEqual({ ...PAY, status: "error", from: "2026-11-20T12:24:00.000Z" });
});
