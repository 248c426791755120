/** Reads who feeds whom, as of an evaluation: the same whenever it is asked, so that a backtest mutes as live did. */
import { queryDependencies, type InvokedRow, type PublishedRow } from "../../store/queries/alert-dependencies.ts";
import type { Store } from "../../store/store.ts";
import { MINUTE_MS } from "../engine/limits.ts";
import { dependenciesOf, NO_DEPENDENCIES, nodeKey, type CodeNode, type Dependencies, type Feed } from "./dependencies.ts";

/** Who feeds whom is asked anew this often: it changes with deployments, milliseconds. */
const STEP_MS = 15 * MINUTE_MS;
/** How long what was fed is remembered, milliseconds. */
const KNOWN_FOR_MS = 24 * 60 * MINUTE_MS;
/** Answers kept: a backtest goes through them in order. */
const KEPT_MAX = 4;

/** A reader that asks the store once in a quarter of an hour of data time. */
export class DependencyReader {
  readonly #store: Store;
  readonly #known = new Map<number, Promise<Dependencies>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Who fed whom in the day before an evaluation; nothing where that cannot be read: then nothing is muted. */
  at(atMs: number): Promise<Dependencies> {
    const toMs = Math.floor(atMs / STEP_MS) * STEP_MS - STEP_MS;
    const known = this.#known.get(toMs);
    if (known !== undefined) return known;
    const range = { fromS: (toMs - KNOWN_FOR_MS) / 1000, toS: toMs / 1000 };
    const read = queryDependencies(this.#store, range)
      .then(({ invoked, published }) => dependenciesOf(feedsOf(invoked, published)))
      .catch(() => {
        this.#known.delete(toMs);
        return NO_DEPENDENCIES;
      });
    this.#known.set(toMs, read);
    for (const old of this.#known.keys()) if (this.#known.size > KEPT_MAX) this.#known.delete(old);
    return read;
  }
}

/** Joins what was invoked with who is known to have sent it. */
function feedsOf(invoked: readonly InvokedRow[], published: readonly PublishedRow[]): Feed[] {
  const publishers = new Map<string, PublishedRow[]>();
  const ofService = new Map<string, Set<string>>();
  const remember = (node: CodeNode): void => {
    ofService.set(node.service, (ofService.get(node.service) ?? new Set()).add(nodeKey(node)));
  };
  for (const row of published) {
    const key = destinationKey(row);
    publishers.set(key, [...(publishers.get(key) ?? []), row]);
    remember(row);
  }
  for (const row of invoked) remember(row);
  const feeds = new Map<string, { node: CodeNode; upstreams: Map<string, number>; unknown: number }>();
  for (const row of invoked) {
    const key = nodeKey(row);
    const feed = feeds.get(key) ?? {
      node: { service: row.service, function: row.function },
      upstreams: new Map<string, number>(),
      unknown: 0,
    };
    feeds.set(key, feed);
    const shares = sharesOf(row, publishers, ofService);
    if (shares.size === 0) feed.unknown += row.invocations;
    for (const [upstream, share] of shares) {
      feed.upstreams.set(upstream, (feed.upstreams.get(upstream) ?? 0) + share * row.invocations);
    }
  }
  return [...feeds.values()];
}

/** From which nodes a row came, as shares of 1; none where nobody knows. */
function sharesOf(
  row: InvokedRow,
  publishers: ReadonlyMap<string, readonly PublishedRow[]>,
  ofService: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, number> {
  const shares = new Map<string, number>();
  const add = (key: string, share: number): void => void shares.set(key, (shares.get(key) ?? 0) + share);
  const senders = row.destination === "" ? [] : (publishers.get(destinationKey(row)) ?? []);
  const isFrom = new Set(row.callers.map(decode));
  // Of a service with several functions, the one that sends there; else any of them may have.
  const named = isFrom.size === 0 ? senders : senders.filter(({ service }) => isFrom.has(service));
  const sent = named.reduce((sum, one) => sum + one.sent, 0);
  if (sent > 0) {
    for (const one of named) add(nodeKey(one), one.sent / sent);
    return shares;
  }
  for (const service of isFrom) {
    const nodes = ofService.get(service) ?? new Set([nodeKey({ service, function: service })]);
    for (const node of nodes) add(node, 1 / isFrom.size / nodes.size);
  }
  return shares;
}

function destinationKey({ system, destination }: { system: string; destination: string }): string {
  return `${system} ${destination}`;
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
