/** Totals of a flow. */
import type { Flow, FlowNode, Hop } from "../../schema/flow.ts";
import { unitNodeId } from "./code-node.ts";
import type { Delivery } from "./delivery.ts";

export interface StatsInput {
  readonly nodes: readonly FlowNode[];
  readonly hops: readonly Hop[];
  readonly chains: readonly (readonly Delivery[])[];
  readonly spanCount: number;
}

/** Counts nodes and sums times; a run that several flows share counts whole in each. */
export function flowStats({ nodes, hops, chains, spanCount }: StatsInput): Flow["stats"] {
  const code = nodes.filter(({ spanIds }) => spanIds.length > 0);
  const retries = chains.flat().filter(({ attempt, previous }) => attempt > 1 || previous !== undefined);
  const delivered = new Set(chains.flat().map(({ unit }) => unitNodeId(unit)));
  const repeats = code.filter(({ id, attempt = 1 }) => attempt > 1 && !delivered.has(id));
  const queueMs = hops.reduce((sum, { queueWaitMs }) => sum + (queueWaitMs ?? 0), 0);
  return {
    spans: spanCount,
    invocations: code.filter(({ kind }) => kind === "invocation").length,
    errors: code.filter(({ status }) => status === "error").length,
    coldStarts: code.filter(({ coldStart }) => coldStart).length,
    retries: retries.length + repeats.length,
    deadLetters: hops.filter(({ kind }) => kind === "dead-letter").length,
    queueMs,
    busyMs: code.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
}
