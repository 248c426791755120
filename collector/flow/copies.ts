/** Messages that came back under another id: copied out of a dead-letter queue by a hand that records nothing. */
import type { Delivery } from "./delivery.ts";
import { destinationId, isPointToPoint } from "./destination.ts";
import { addTo, groupedBy } from "./grouped.ts";
import { countUntil } from "./span-order.ts";

/** The deliveries of one message, by time. */
export type Chain = readonly Delivery[];

/**
 * For every message whose last attempt failed, the deliveries of its copy, where one came: the same sending, taken
 * later from a queue that the message was in. Of a sending of several messages only a common identity tells which.
 */
export function copiesOf(chains: readonly Chain[]): Map<Chain, Chain> {
  const copies = new Map<Chain, Chain>();
  for (const siblings of groupedBy(chains, senderOf).values()) {
    if (siblings.length < 2 || senderOf(siblings[0] as Chain) === undefined) continue;
    if (!siblings.some((chain) => chain.at(-1)?.failed === true)) continue;
    const arrived = new ArrivedMessages(siblings);
    for (const [at, chain] of siblings.entries()) {
      const copy = chain.at(-1)?.failed === true ? arrived.firstCopyOf(at) : undefined;
      if (copy) copies.set(chain, copy);
    }
  }
  return copies;
}

function senderOf([first]: Chain): string | undefined {
  const edge = first?.edge;
  return edge?.send && edge.fromSpan.traceId + edge.fromSpan.spanId;
}

/** Among the siblings that came first to one queue, and have one identity in common, by the time of their coming. */
interface Arrivals {
  readonly startsMs: readonly number[];
  /** Of this one and those after it, the two that are the first among the siblings: one may be who asks. */
  readonly firstTwo: readonly (readonly [number, number])[];
}

/** The identity of all that were sent alone. */
const ALONE = "";

/** The messages of one sending, by the queue that they came to and what tells them apart. */
class ArrivedMessages {
  readonly #siblings: readonly Chain[];
  readonly #byPlace = new Map<string, Map<string, Arrivals>>();

  constructor(siblings: readonly Chain[]) {
    this.#siblings = siblings;
    const byPlace = new Map<string, Map<string, number[]>>();
    for (const [at, chain] of siblings.entries()) {
      const [first] = chain;
      if (first?.destination === undefined || !isPointToPoint(first.destination)) continue;
      const place = destinationId(first.destination);
      const byKey = byPlace.get(place) ?? new Map<string, number[]>();
      byPlace.set(place, byKey);
      for (const key of sentKeysOf(chain)) addTo(byKey, key, at);
    }
    for (const [place, byKey] of byPlace) {
      const arrivals = [...byKey].map(([key, places]) => [key, this.#arrivals(places)] as const);
      this.#byPlace.set(place, new Map(arrivals));
    }
  }

  #arrivals(places: number[]): Arrivals {
    const startMs = (at: number) => this.#siblings[at]?.[0]?.startMs ?? 0;
    places.sort((a, b) => startMs(a) - startMs(b));
    const firstTwo = new Array<readonly [number, number]>(places.length);
    let [first, second] = [Infinity, Infinity];
    for (let at = places.length - 1; at >= 0; at -= 1) {
      const place = places[at] as number;
      [first, second] = place < first ? [place, first] : [first, Math.min(second, place)];
      firstTwo[at] = [first, second];
    }
    return { startsMs: places.map(startMs), firstTwo };
  }

  /** The first of them, in their order, that came after this one had failed for the last time. */
  firstCopyOf(own: number): Chain | undefined {
    const chain = this.#siblings[own] as Chain;
    const last = chain.at(-1) as Delivery;
    const isBefore = (startMs: number) => startMs <= last.startMs || startMs < last.endMs;
    const keys = new Set([ALONE, ...chain.flatMap(({ take }) => take.keys)]);
    const places = new Set(chain.map(({ destination }) => destination && destinationId(destination)));
    let least = Infinity;
    for (const place of places) {
      const byKey: ReadonlyMap<string, Arrivals> = this.#byPlace.get(place ?? "") ?? new Map<string, Arrivals>();
      for (const key of byKey.size < keys.size ? byKey.keys() : keys) {
        const arrivals = keys.has(key) ? byKey.get(key) : undefined;
        const [first, second] = arrivals?.firstTwo[countUntil(arrivals.startsMs, isBefore)] ?? [Infinity, Infinity];
        least = Math.min(least, first === own ? second : first);
      }
    }
    return this.#siblings[least];
  }
}

/** By what a message of its sending is told from the others. */
function sentKeysOf(chain: Chain): Iterable<string> {
  const sent = chain[0]?.edge?.send?.keys ?? new Set();
  if (sent.size <= 1) return [ALONE];
  return new Set(chain.flatMap(({ take }) => take.keys.filter((key) => sent.has(key))));
}

/** The messages of which a copy, or a copy of that one, was taken without failure. */
export function takenAsCopies(copies: ReadonlyMap<Chain, Chain>): Set<Chain> {
  const originals = groupedBy(copies, ([, copy]) => copy);
  const taken = new Set<Chain>();
  for (const [chain, copy] of copies) if (copy.at(-1)?.failed === false) taken.add(chain);
  // The set grows while it is walked.
  for (const chain of taken) for (const [original] of originals.get(chain) ?? []) taken.add(original);
  return taken;
}
