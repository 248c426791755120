/**
 * The causal closure as a step: from what is known of a flow, what to ask the store next. Only what belongs to the
 * flow asks, so a batch leads to none of the other flows that it met.
 */
import { askForSender, asksForTakers, type ContentAsk } from "./content.ts";
import { isSendSpan } from "./send.ts";
import type { Graph } from "./join.ts";
import { runKeyOf } from "./message.ts";
import type { Selection } from "./select.ts";
import type { Unit } from "./unit.ts";

/** What the store is to be asked for, so that nothing of the flow is missing. */
export interface Ask {
  /** Traces whose spans are wanted. */
  readonly traceIds: ReadonlySet<string>;
  /** Traces of which those that link to them are wanted. */
  readonly linkedTraceIds: ReadonlySet<string>;
  /** Identities of messages whose senders and takers are wanted. */
  readonly messageKeys: ReadonlySet<string>;
  /** Bodies whose senders and takers are wanted, by the look-up's id. */
  readonly contents: ReadonlyMap<string, ContentAsk>;
}

/** The same in the making. */
interface Asking {
  readonly traceIds: Set<string>;
  readonly linkedTraceIds: Set<string>;
  readonly messageKeys: Set<string>;
  readonly contents: Map<string, ContentAsk>;
}

/** Everything that this much of a flow asks for, what was already answered included. */
export function asksOf(graph: Graph, selection: Selection): Ask {
  const ask: Asking = { traceIds: new Set(), linkedTraceIds: new Set(), messageKeys: new Set(), contents: new Map() };
  for (const unit of selection.units) {
    askBelow(ask, unit);
    for (const take of selection.takes.get(unit) ?? []) {
      for (const key of take.keys) ask.messageKeys.add(key);
      if (take.context) ask.traceIds.add(take.context.traceId);
      addContent(ask, askForSender(unit, take));
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

/** What a unit caused: by links to it, and by what it sent. */
function askBelow(ask: Asking, unit: Unit): void {
  ask.linkedTraceIds.add(unit.entry.traceId);
  const own = runKeyOf(unit.entry);
  if (own !== undefined) ask.messageKeys.add(own);
  for (const send of unit.sends) {
    for (const key of send.keys) ask.messageKeys.add(key);
    for (const content of asksForTakers(send)) addContent(ask, content);
  }
}

function addContent({ contents }: Asking, content: ContentAsk | undefined): void {
  if (content) contents.set(content.id, content);
}
