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

/** The finished flow's parts, among which the path leads. */
export interface PathInput {
  readonly nodes: readonly FlowNode[];
  readonly hops: readonly Hop[];
  readonly roots: readonly string[];
}

/** Node ids from the first request to the last effect; a queue that was passed twice is there twice. */
export function criticalPath({ nodes, hops, roots }: PathInput): string[] {
  const last = lastNode(nodes.filter(({ spanIds }) => spanIds.length > 0));
  if (last === undefined) return [];
  const incoming = new Incoming(hops);
  const begins = new Set(roots);
  const steps: Step[] = [{ id: last.id, leaving: { until: AFTER_ALL } }];
  const passed = new Set<Hop>();
  let longest: readonly Step[] = [];
  // Each hop is passed once: this ends.
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const { id, leaving } = step;
    // A request that waited for an answer may be both its begin and its end.
    if (!incoming.has(id) || (steps.length > 1 && begins.has(id))) return pathOf(steps);
    const open = incoming.of(id, leaving).filter((hop) => !passed.has(hop));
    const hop = causeOf(open, { leaving, steps });
    if (hop === undefined) {
      if (steps.length > longest.length) longest = [...steps];
      steps.pop();
      continue;
    }
    passed.add(hop);
    // A call has no time of its own: then the one after it is what is known.
    const until = arrival(hop) || leaving.until;
    steps.push({ id: hop.from, leaving: { ...hop, messageId: hop.messageId ?? leaving.messageId, until } });
  }
  return pathOf(longest);
}

/** A node of the path, and what left it. */
interface Step {
  readonly id: string;
  readonly leaving: Leaving;
}

function pathOf(steps: readonly Step[]): string[] {
  return steps.map(({ id }) => id).reverse();
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

  has(node: string): boolean {
    return this.#byNode.has(node);
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

/**
 * The hop that came last before the message left; clocks that contradict this lead to no code twice, but through a
 * queue as often as messages went through it.
 */
function causeOf(open: readonly Hop[], { leaving, steps }: { leaving: Leaving; steps: readonly Step[] }) {
  const before = open.filter((hop) => arrival(hop) <= leaving.until);
  const isNew = ({ from, kind }: Hop) => kind === "receive" || !steps.some(({ id }) => id === from);
  return latest(before) ?? latest(open.filter(isNew));
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
