/** The chain of causes that ends last: what to shorten to make the whole flow shorter. */
import type { FlowNode, Hop } from "../../schema/flow.ts";
import { toMs } from "./instant.ts";
import { compare } from "./span-index.ts";

/** Node ids from the first request to the last effect. */
export function criticalPath(nodes: readonly FlowNode[], hops: readonly Hop[]): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const incoming = new Map<string, Hop[]>();
  for (const hop of hops) {
    const list = incoming.get(hop.to);
    if (list) list.push(hop);
    else incoming.set(hop.to, [hop]);
  }
  const last = lastNode(nodes.filter(({ spanIds }) => spanIds.length > 0));
  const path: string[] = [];
  let messageId: string | undefined;
  for (let node = last; node && !path.includes(node.id);) {
    path.unshift(node.id);
    const hop = lastArrival(incoming.get(node.id) ?? [], messageId);
    messageId = hop?.messageId ?? messageId;
    node = hop && byId.get(hop.from);
  }
  return path;
}

/** The node that ended last; of several the one with the first id. */
function lastNode(nodes: readonly FlowNode[]): FlowNode | undefined {
  let last: { readonly node: FlowNode; readonly endMs: number } | undefined;
  for (const node of nodes) {
    const endMs = endOf(node);
    const isLater = last === undefined || endMs > last.endMs;
    if (isLater || (endMs === last?.endMs && compare(node.id, last.node.id) < 0)) last = { node, endMs };
  }
  return last?.node;
}

function endOf({ startTime, durationMs }: FlowNode): number {
  return toMs(startTime) + durationMs;
}

/** Of the hops into a node, the one of that message, else the one that came last. */
function lastArrival(hops: readonly Hop[], messageId: string | undefined): Hop | undefined {
  const same = hops.filter((hop) => messageId !== undefined && hop.messageId === messageId);
  const candidates = same.length > 0 ? same : hops;
  return candidates.reduce<Hop | undefined>((latest, hop) => {
    if (latest === undefined) return hop;
    return compare(arrival(hop), arrival(latest)) > 0 ? hop : latest;
  }, undefined);
}

function arrival({ receivedTime, sentTime }: Hop): string {
  return receivedTime ?? sentTime ?? "";
}
