import { computed, createModel } from "@preact/signals";
import type { CompareResponse, FlowCompareResponse, FunctionSummary, QueueSummary } from "@hopscope/schema/api";
import { Poll } from "../models/poll.ts";
import { range, RANGES } from "../models/time-range.ts";
import { queryValue } from "../route/router.ts";
import { compareFlows, compareSpans, fetchWork, type RangeQuery } from "./compare-client.ts";
import { rankDifferences, type Shares, type Sides } from "./over-represented.ts";

/** What functions and queues did in a stretch of time. */
export interface Work {
  functions: FunctionSummary[];
  queues: QueueSummary[];
}

/** Two stretches of time side by side, or of one stretch what failed and the rest. */
export interface RangeComparison {
  kind: "range";
  spans: CompareResponse;
  query: RangeQuery;
  /** Absent where what failed is compared with the rest. */
  base?: RangeQuery;
  work?: { now: Work; before: Work };
}

/** Two flows side by side. */
export interface FlowComparison {
  kind: "flows";
  flows: FlowCompareResponse;
}

/** What is compared, as the address says: `flow` and `with`, or a range against the one before or what failed in it. */
export const CompareModel = createModel(() => {
  const pair = computed(() => {
    const [flow, other] = [queryValue("flow"), queryValue("with")];
    return flow && other ? { flow, other } : undefined;
  });
  const against = computed(() => (queryValue("against") === "failed" ? "failed" : "before"));
  const poll = new Poll<FlowComparison | RangeComparison>({
    load: (signal) => {
      const chosen = pair.value;
      const narrowed = { service: queryValue("service"), function: queryValue("function") };
      const lengthMs = RANGES[range.value];
      const isBefore = against.value === "before";
      if (chosen) return loadFlows(chosen, signal);
      return loadRanges({ ...stretch(Date.now(), lengthMs), ...narrowed }, isBefore ? lengthMs : undefined, signal);
    },
    everyMs: () => undefined,
  });
  const ranked = computed(() => {
    const answer = poll.answer.value;
    return answer && rankDifferences(...sharesOf(answer));
  });
  return { pair, against, poll, ranked };
});

async function loadFlows(pair: { flow: string; other: string }, signal: AbortSignal): Promise<FlowComparison> {
  return { kind: "flows", flows: await compareFlows(pair.flow, pair.other, signal) };
}

async function loadRanges(
  query: RangeQuery,
  beforeMs: number | undefined,
  signal: AbortSignal,
): Promise<RangeComparison> {
  if (beforeMs === undefined) return { kind: "range", query, spans: await compareSpans(query, undefined, signal) };
  const base = { ...query, ...stretch(Date.parse(query.from), beforeMs) };
  const [spans, now, before] = await Promise.all([
    compareSpans(query, base, signal),
    fetchWork(query, signal),
    fetchWork(base, signal),
  ]);
  return { kind: "range", query, base, spans, work: { now, before } };
}

function stretch(toMs: number, lengthMs: number): { from: string; to: string } {
  return { from: new Date(toMs - lengthMs).toISOString(), to: new Date(toMs).toISOString() };
}

function sharesOf(answer: FlowComparison | RangeComparison): [Shares[], Sides] {
  if (answer.kind === "flows") {
    const { flow, other, attributes } = answer.flows;
    return [attributes, { spans: flow.stats.spans, otherSpans: other.stats.spans, areWhole: true }];
  }
  const { selected, base, attributes } = answer.spans;
  const shares = attributes.map(({ key, value, selectedShare, baseShare }) => {
    return { key, value, share: selectedShare, otherShare: baseShare };
  });
  return [shares, { spans: selected, otherSpans: base, areWhole: false }];
}
