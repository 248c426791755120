import type { Hop } from "@hopscope/schema/flow";
import type { OutlineNode } from "@hopscope/schema/flow-outline";
import { flowTime, isCode, type FlowIndex } from "./flow-index.ts";

/**
 * Returns, for every hop into a queue or topic, the hops that carried its message on: several messages pass one
 * queue, and each attempt belongs below the message it was an attempt of. Decided by message id, then by the
 * trace context that the consumer continued, then by time.
 */
export function brokerHops(index: FlowIndex): Map<Hop, Hop[]> {
  const onward = new Map<Hop, Hop[]>();
  for (const node of index.flow.nodes) {
    if (isCode(node)) continue;
    const arrived = index.hopsTo.get(node.id) ?? [];
    for (const hop of index.hopsFrom.get(node.id) ?? []) {
      const source = arrived.length > 1 ? bestSource(index, arrived, hop) : arrived[0];
      if (source) onward.set(source, [...(onward.get(source) ?? []), hop]);
    }
  }
  return onward;
}

/** Returns the position of the span of `node` that sent `hop`, where one says so by message id or destination. */
export function producerSpan(index: FlowIndex, node: OutlineNode, hop: Hop, target: OutlineNode): number | undefined {
  const { spans } = index;
  const isOwn = (at: number): boolean => at !== node.spans[0] && node.spans.includes(at);
  if (hop.kind === "call") {
    const parent = spans.parent[target.spans[0] ?? -1];
    return parent !== undefined && isOwn(parent) ? parent : undefined;
  }
  const byId = hop.messageId === undefined ? undefined : spans.sendersOf(hop.messageId).find(isOwn);
  return byId ?? spans.sendersTo(target.name).find(isOwn);
}

function bestSource(index: FlowIndex, arrived: Hop[], hop: Hop): Hop | undefined {
  const sameId = arrived.find((source) => source.messageId !== undefined && source.messageId === hop.messageId);
  if (sameId) return sameId;
  const continued = arrived.find((source) => continues(index, source, hop));
  if (continued) return continued;
  const leftMs = hopTime(index, hop);
  if (leftMs === undefined) return arrived[0];
  const before = arrived.filter((source) => (hopTime(index, source) ?? -Infinity) <= leftMs);
  return before.toSorted((a, b) => (hopTime(index, b) ?? 0) - (hopTime(index, a) ?? 0))[0] ?? arrived[0];
}

function continues(index: FlowIndex, source: Hop, hop: Hop): boolean {
  const sender = index.nodes.get(source.from);
  const broker = index.nodes.get(source.to);
  const entry = index.nodes.get(hop.to)?.spans[0];
  if (!sender || !broker || entry === undefined) return false;
  const sent = producerSpan(index, sender, source, broker);
  if (sent === undefined) return false;
  return index.spans.parent[entry] === sent || index.spans.links(entry).includes(index.spans.sentId(sent));
}

function hopTime(index: FlowIndex, hop: Hop): number | undefined {
  return hop.sentTime === undefined ? undefined : flowTime(index.flow, hop.sentTime);
}
