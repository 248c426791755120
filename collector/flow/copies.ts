/** Messages that came back under another id: copied out of a dead-letter queue by a hand that records nothing. */
import type { Delivery } from "./delivery.ts";
import { destinationId, isPointToPoint } from "./destination.ts";

type Chain = readonly Delivery[];

/**
 * For every message whose last attempt failed, the deliveries of its copy, where one came: the same sending, taken
 * later from a queue that the message was in. Of a sending of several messages only a common identity tells which.
 */
export function copiesOf(chains: readonly Chain[]): Map<Chain, Chain> {
  const bySender = new Map<string, Chain[]>();
  for (const chain of chains) {
    const edge = chain[0]?.edge;
    if (edge?.send === undefined) continue;
    const key = edge.fromSpan.traceId + edge.fromSpan.spanId;
    const list = bySender.get(key);
    if (list) list.push(chain);
    else bySender.set(key, [chain]);
  }
  const copies = new Map<Chain, Chain>();
  for (const siblings of bySender.values()) {
    if (siblings.length < 2) continue;
    for (const chain of siblings) {
      if (chain.at(-1)?.failed !== true) continue;
      const copy = siblings.find((other) => other !== chain && isCopy(chain, other));
      if (copy) copies.set(chain, copy);
    }
  }
  return copies;
}

function isCopy(chain: Chain, other: Chain): boolean {
  const [first] = other;
  const last = chain.at(-1);
  if (first?.destination === undefined || last === undefined) return false;
  if (first.startMs <= last.startMs || first.startMs < last.endMs) return false;
  if (!isPointToPoint(first.destination)) return false;
  const place = destinationId(first.destination);
  if (!chain.some(({ destination }) => destination && destinationId(destination) === place)) return false;
  const sent = first.edge?.send?.keys;
  if (sent === undefined) return false;
  if (sent.size <= 1) return true;
  const keys = new Set(chain.flatMap(({ take }) => take.keys));
  return other.some(({ take }) => take.keys.some((key) => sent.has(key) && keys.has(key)));
}
