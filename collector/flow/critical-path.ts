/** The chain of causes that ends last: what to shorten to make the whole flow shorter. */
import type { FlowNode, Hop } from "../../schema/flow.ts";
import { toMs } from "./instant.ts";
import { compare } from "./span-order.ts";

/** What is known of the message that leaves a node, while the chain is walked from its end. */
interface Leaving {
  readonly messageId?: string | undefined;
  readonly sentTime?: string | undefined;
  /** Its causes came no later. */
  readonly until: string;
}

/** Node ids from the first request to the last effect; a queue that was passed twice is there twice. */
export function criticalPath(nodes: readonly FlowNode[], hops: readonly Hop[]): string[] {
  const last = lastNode(nodes.filter(({ spanIds }) => spanIds.length > 0));
  if (last === undefined) return [];
  const incoming = new Incoming(hops);
  const path = [last.id];
  const passed = new Set<Hop>();
  let leaving: Leaving = { until: AFTER_ALL };
  for (;;) {
    const open = incoming.of(path.at(-1), leaving).filter((hop) => !passed.has(hop));
    const hop = causeOf(open, { leaving, path });
    if (hop === undefined) return path.reverse();
    passed.add(hop);
    path.push(hop.from);
    // A call has no time of its own: then the one after it is what is known.
    leaving = { ...hop, messageId: hop.messageId ?? leaving.messageId, until: arrival(hop) || leaving.until };
  }
}

/** Sorts after every instant. */
const AFTER_ALL = "~";

/** The hops into one node, by their messages. */
interface Entering {
  readonly byId: ReadonlyMap<string | undefined, readonly Hop[]>;
  readonly byTime: ReadonlyMap<string | undefined, readonly Hop[]>;
}

/** The hops into each node; of those alone that the path comes to, by their messages. */
class Incoming {
  readonly #byNode: ReadonlyMap<string, readonly Hop[]>;
  readonly #entering = new Map<string, Entering>();

  constructor(hops: readonly Hop[]) {
    this.#byNode = grouped(hops, ({ to }) => to);
  }

  /** Those of the message that leaves the node, where they are known, else all. */
  of(node: string, { messageId = "", sentTime = "" }: Leaving): readonly Hop[] {
    const all = this.#byNode.get(node) ?? [];
    let entering = this.#entering.get(node);
    if (entering === undefined) {
      entering = { byId: grouped(all, (hop) => hop.messageId), byTime: grouped(all, (hop) => hop.sentTime) };
      this.#entering.set(node, entering);
    }
    return entering.byId.get(messageId) ?? entering.byTime.get(sentTime) ?? all;
  }
}

function grouped<Key>(hops: readonly Hop[], keyOf: (hop: Hop) => Key): Map<Key, Hop[]> {
  const groups = new Map<Key, Hop[]>();
  for (const hop of hops) {
    const key = keyOf(hop);
    const group = groups.get(key);
    if (group) group.push(hop);
    else groups.set(key, [hop]);
  }
  return groups;
}

/** The hop that came last before the message left; clocks that contradict this lead nowhere twice. */
function causeOf(open: readonly Hop[], { leaving, path }: { leaving: Leaving; path: readonly string[] }) {
  const before = open.filter((hop) => arrival(hop) <= leaving.until);
  return latest(before) ?? latest(open.filter(({ from }) => !path.includes(from)));
}

function latest(hops: readonly Hop[]): Hop | undefined {
  return hops.reduce<Hop | undefined>((last, hop) => {
    if (last === undefined) return hop;
    return compare(arrival(hop), arrival(last)) > 0 ? hop : last;
  }, undefined);
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

function arrival({ receivedTime, sentTime }: Hop): string {
  return receivedTime ?? sentTime ?? "";
}
