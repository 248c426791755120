/** Totals of a flow. */
import * as names from "../../schema/attributes.ts";
import type { Flow, FlowNode, Hop, Span } from "../../schema/flow.ts";
import { memoryLimitBytes } from "../../schema/older-names.ts";
import { number } from "./attribute-readers.ts";
import type { Delivery } from "./delivery.ts";
import type { NodeIdOf } from "./hops.ts";
import type { Selection } from "./select.ts";
import type { Unit } from "./unit.ts";

const bytesPerGb = 1024 ** 3;

/** The finished flow's parts, out of which its totals come. */
export interface StatsInput {
  readonly nodes: readonly FlowNode[];
  readonly hops: readonly Hop[];
  readonly chains: readonly (readonly Delivery[])[];
  readonly selection: Selection;
  readonly spanCount: number;
  /** The node that shows a unit. */
  readonly nodeIdOf: NodeIdOf;
}

/** Counts nodes and sums times; a run that several flows share counts whole in each. */
export function flowStats({ nodes, hops, chains, selection, spanCount, nodeIdOf }: StatsInput): Flow["stats"] {
  const code = nodes.filter(({ spanIds }) => spanIds.length > 0);
  const retries = chains.flat().filter(({ attempt, previous }) => attempt > 1 || previous !== undefined);
  const delivered = new Set(chains.flat().map(({ unit }) => nodeIdOf(unit)));
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
    gbSeconds: invocationsOf(selection).reduce((sum, { entry }) => sum + gbSecondsOf(entry), 0),
  };
}

/** What is paid for: an invocation once, however many of its records are in the flow. */
function invocationsOf({ units }: Selection): Unit[] {
  return [...new Set([...units].map((unit) => unit.host ?? unit))];
}

/** Memory limit times duration; 0 where the limit is not known. */
function gbSecondsOf({ resource, durationMs }: Span): number {
  return (memoryLimitBytes(number(resource, names.FAAS_MAX_MEMORY) ?? 0) / bytesPerGb) * (durationMs / 1000);
}
