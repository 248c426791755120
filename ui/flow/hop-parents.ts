import type { FlowNode, Hop, Span } from "@hopscope/schema/flow";
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

/** Returns the span of `node` that sent `hop`, where one says so by message id or destination. */
export function producerSpan(index: FlowIndex, node: FlowNode, hop: Hop, target: FlowNode): string | undefined {
  const candidates = node.spanIds.flatMap((id) => index.spans.get(id) ?? []).slice(1);
  if (hop.kind === "call") {
    const parentId = index.spans.get(target.spanIds[0] ?? "")?.parentSpanId;
    return candidates.find((span) => span.spanId === parentId)?.spanId;
  }
  const producers = candidates.filter((span) => span.kind === "producer" || span.kind === "client");
  const byId = hop.messageId === undefined ? undefined : producers.find((span) => carries(span, hop.messageId ?? ""));
  if (byId) return byId.spanId;
  return producers.find((span) => span.attributes["messaging.destination.name"] === target.name)?.spanId;
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
  const entry = index.spans.get(index.nodes.get(hop.to)?.spanIds[0] ?? "");
  if (!sender || !broker || !entry) return false;
  const sent = producerSpan(index, sender, source, broker);
  return sent !== undefined && (entry.parentSpanId === sent || entry.links.some((link) => link.spanId === sent));
}

function hopTime(index: FlowIndex, hop: Hop): number | undefined {
  return hop.sentTime === undefined ? undefined : flowTime(index.flow, hop.sentTime);
}

function carries(span: Span, messageId: string): boolean {
  if (span.attributes["messaging.message.id"] === messageId) return true;
  const keys = span.attributes["hopscope.message.keys"];
  return Array.isArray(keys) && keys.some((key) => typeof key === "string" && key.endsWith(`:${messageId}`));
}
