/** Who is fed by whom: what an alert about silence is explained by. Plain data and pure functions. */

/** Code that is invoked: a function of a service. */
export interface CodeNode {
  readonly service: string;
  readonly function: string;
}

/** Invocations of a node that a day brought, by where they came from. */
export interface Feed {
  readonly node: CodeNode;
  /** How many came from each upstream; the key is {@link nodeKey}. */
  readonly upstreams: ReadonlyMap<string, number>;
  /** How many came from outside, or from nobody knows where. */
  readonly unknown: number;
}

/** The nodes that were invoked, by {@link nodeKey}, and which of them feed one another in a circle. */
export interface Dependencies {
  readonly feeds: ReadonlyMap<string, Feed>;
  /** Nodes with the same number feed one another, directly or through others: none of them is upstream of another. */
  readonly circles: ReadonlyMap<string, number>;
}

/** One string for a node, never the same for two. */
export function nodeKey({ service, function: name }: CodeNode): string {
  return JSON.stringify([service, name]);
}

/** Nothing is known, so nothing is explained. */
export const NO_DEPENDENCIES: Dependencies = { feeds: new Map(), circles: new Map() };

/** Finds the circles among feeds. */
export function dependenciesOf(feeds: readonly Feed[]): Dependencies {
  const byKey = new Map(feeds.map((feed) => [nodeKey(feed.node), feed]));
  return { feeds: byKey, circles: circlesOf(byKey) };
}

/** Tarjan's strongly connected components, without recursion: a chain of queues may be long. */
function circlesOf(feeds: ReadonlyMap<string, Feed>): Map<string, number> {
  const circles = new Map<string, number>();
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const upstreamsOf = (key: string): string[] => [...(feeds.get(key)?.upstreams.keys() ?? [])];
  for (const root of feeds.keys()) {
    if (order.has(root)) continue;
    const path: { key: string; rest: string[] }[] = [];
    const enter = (key: string): void => {
      order.set(key, order.size);
      low.set(key, order.get(key) ?? 0);
      open.push(key);
      path.push({ key, rest: upstreamsOf(key) });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { key, rest } = top;
      const next = rest.pop();
      if (next !== undefined) {
        if (!order.has(next)) enter(next);
        else if (!circles.has(next)) low.set(key, Math.min(low.get(key) ?? 0, order.get(next) ?? 0));
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.key;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(key) ?? 0));
      if (low.get(key) !== order.get(key)) continue;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        circles.set(member, order.get(key) ?? 0);
        if (member === key) break;
      }
    }
  }
  return circles;
}
