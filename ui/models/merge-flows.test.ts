import { describe, expect, it } from "vitest";
import type { FlowSummary } from "@hopscope/schema/api";
import { recentFlows, summaryOf } from "../fixtures/flow-list.ts";
import { LISTED_FLOWS_MAX, mergeFlows } from "./merge-flows.ts";

const flows = recentFlows("2026-11-21T08:30:57.000000000Z", 5).map(summaryOf);
const older = flows.slice(2);
const ids = (list: FlowSummary[]): string[] => list.map((flow) => flow.id);

describe("refreshing the list", () => {
  it("puts new flows on top", () => {
    expect(ids(mergeFlows(older, flows, false).shown)).toEqual(ids(flows));
  });

  it("moves nothing under the reader's cursor, and keeps what came meanwhile", () => {
    const merged = mergeFlows(older, flows, true);
    expect(ids(merged.shown)).toEqual(ids(older));
    expect(ids(merged.waiting)).toEqual(ids(flows.slice(0, 2)));
  });

  it("renews a row in place when its flow went on", () => {
    const failed = flows.map((flow) => ({ ...flow, status: "error" as const }));
    const merged = mergeFlows(flows, failed, true);
    expect(merged.shown.every((flow) => flow.status === "error")).toBe(true);
    expect(merged.waiting).toEqual([]);
  });

  it("keeps rows that have left the first page", () => {
    expect(ids(mergeFlows(flows, flows.slice(0, 1), false).shown)).toEqual(ids(flows));
  });

  it("does not grow for ever", () => {
    const one = flows[0] as FlowSummary;
    const many = Array.from({ length: LISTED_FLOWS_MAX + 10 }, (_, at) => ({
      ...one,
      id: String(at).padStart(32, "0"),
    }));
    expect(mergeFlows([], many, false).shown).toHaveLength(LISTED_FLOWS_MAX);
  });
});
