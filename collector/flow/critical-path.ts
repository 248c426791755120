/** The chain of causes that ends last: what to shorten to make the whole flow shorter. */
import type { FlowNode, Hop } from "../../schema/flow.ts";
import { groupedBy } from "./grouped.ts";
import { toMs } from "./instant.ts";
import { compare, countUntil } from "./span-order.ts";

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
  const passed: Passed = { hops: new Set(), nodes: new Map([[last.id, 1]]) };
  let longest: readonly Step[] = [];
  // Each hop is passed once: this ends.
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const { id, leaving } = step;
    // A request that waited for an answer may be both its begin and its end.
    if (!incoming.has(id) || (steps.length > 1 && begins.has(id))) return pathOf(steps);
    const hop = incoming.of(id, leaving).causeOf(leaving, passed);
    if (hop === undefined) {
      if (steps.length > longest.length) longest = [...steps];
      steps.pop();
      count(passed.nodes, id, -1);
      continue;
    }
    passed.hops.add(hop);
    count(passed.nodes, hop.from, 1);
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

/** What was tried, and what the path goes by now. */
interface Passed {
  readonly hops: Set<Hop>;
  /** How often each node is on the path. */
  readonly nodes: Map<string, number>;
}

function count(nodes: Map<string, number>, id: string, more: number): void {
  nodes.set(id, (nodes.get(id) ?? 0) + more);
}

/** The hops into one node, by their messages. */
interface Entering {
  readonly byId: ReadonlyMap<string | undefined, readonly Hop[]>;
  readonly byTime: ReadonlyMap<string | undefined, readonly Hop[]>;
}

/** The hops into each node; of those alone that the path comes to, by their messages. */
class Incoming {
  readonly #byNode: ReadonlyMap<string, readonly Hop[]>;
  readonly #entering = new Map<string, Entering>();
  readonly #arrivals = new Map<readonly Hop[], Arrivals>();

  constructor(hops: readonly Hop[]) {
    this.#byNode = groupedBy(hops, ({ to }) => to);
  }

  has(node: string): boolean {
    return this.#byNode.has(node);
  }

  /** Those of the message that leaves the node, where they are known, else all. */
  of(node: string, { messageId = "", sentTime = "" }: Leaving): Arrivals {
    const all = this.#byNode.get(node) ?? [];
    let entering = this.#entering.get(node);
    if (entering === undefined) {
      entering = { byId: groupedBy(all, (hop) => hop.messageId), byTime: groupedBy(all, (hop) => hop.sentTime) };
      this.#entering.set(node, entering);
    }
    const hops = entering.byId.get(messageId) ?? entering.byTime.get(sentTime) ?? all;
    const arrivals = this.#arrivals.get(hops) ?? new Arrivals(hops);
    this.#arrivals.set(hops, arrivals);
    return arrivals;
  }
}

/** Hops of which the last to arrive is asked for, again and again while others are passed. */
class Arrivals {
  /** By their arrival; of those that arrived at once, the first is the last, and so the one that is found. */
  readonly #hops: readonly Hop[];
  /** For each place the last one up to it, from -1, that may be open. */
  readonly #openUntil: number[];

  constructor(hops: readonly Hop[]) {
    this.#hops = hops.toReversed().sort((a, b) => compare(arrival(a), arrival(b)));
    this.#openUntil = this.#hops.map((_, at) => at);
  }

  /**
   * The hop that came last before the message left; clocks that contradict this lead to no code twice, but through a
   * queue as often as messages went through it.
   */
  causeOf({ until }: Leaving, passed: Passed): Hop | undefined {
    const hops = this.#hops;
    const before = this.#lastOpen(countUntil(hops, (hop) => arrival(hop) <= until) - 1, passed);
    if (before >= 0) return hops[before];
    const isNew = ({ from, kind }: Hop) => kind === "receive" || !passed.nodes.get(from);
    for (let at = this.#lastOpen(hops.length - 1, passed); at >= 0; at = this.#lastOpen(at - 1, passed)) {
      if (isNew(hops[at] as Hop)) return hops[at];
    }
    return undefined;
  }

  #lastOpen(from: number, { hops }: Passed): number {
    let at = from;
    while (at >= 0 && (this.#openUntil[at] !== at || hops.has(this.#hops[at] as Hop))) {
      const below = this.#openUntil[at] as number;
      at = below === at ? at - 1 : below;
    }
    // Who asks next goes there at once.
    for (let passed = from; passed > at; ) {
      const below = this.#openUntil[passed] as number;
      this.#openUntil[passed] = at;
      passed = below === passed ? passed - 1 : below;
    }
    return at;
  }
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
