/**
 * The causal closure as a step: from what is known of a flow, what to ask the store next. Only what belongs to the
 * flow asks, so a batch leads to none of the other flows that it met.
 */
import { isSendSpan } from "./send.ts";
import type { Graph } from "./join.ts";
import type { Selection } from "./select.ts";
import type { Unit } from "./unit.ts";

export interface Ask {
  /** Traces whose spans are wanted. */
  readonly traceIds: ReadonlySet<string>;
  /** Traces of which those that link to them are wanted. */
  readonly linkedTraceIds: ReadonlySet<string>;
  /** Identities of messages whose senders and takers are wanted. */
  readonly messageKeys: ReadonlySet<string>;
}

/** Everything that this much of a flow asks for, what was already answered included. */
export function asksOf(graph: Graph, selection: Selection): Ask {
  const ask = { traceIds: new Set<string>(), linkedTraceIds: new Set<string>(), messageKeys: new Set<string>() };
  for (const unit of selection.units) {
    ask.linkedTraceIds.add(unit.entry.traceId);
    for (const { keys } of unit.sends) for (const key of keys) ask.messageKeys.add(key);
    for (const { keys, context } of selection.takes.get(unit) ?? []) {
      for (const key of keys) ask.messageKeys.add(key);
      if (context) ask.traceIds.add(context.traceId);
    }
  }
  for (const shell of selection.shells) {
    // Its records' parts link to it too: asking for those would fetch the other flows that the batch met.
    if (shell.spans.some((span) => isSendSpan(span) || span.kind === "client")) askBelow(ask, shell);
  }
  for (const origin of selection.origins) {
    if (graph.causes.has(origin)) continue;
    ask.linkedTraceIds.add(origin.entry.traceId);
    for (const link of origin.entry.links) ask.traceIds.add(link.traceId);
  }
  return ask;
}

function askBelow(ask: { linkedTraceIds: Set<string>; messageKeys: Set<string> }, shell: Unit): void {
  ask.linkedTraceIds.add(shell.entry.traceId);
  for (const { keys } of shell.sends) for (const key of keys) ask.messageKeys.add(key);
}
