/** Hops, each once, and the queues and topics that they touch. */
import type { FlowNode, Hop } from "../../schema/flow.ts";
import { destinationId, kindOfSystem } from "./destination.ts";
import { fromMs } from "./instant.ts";
import type { Destination } from "./message.ts";

const JOIN_STRENGTH: readonly Hop["joinedBy"][] = ["parent", "link", "identity", "content"];

interface Place {
  readonly node: FlowNode;
  firstMs: number;
  lastMs: number;
}

/** The hops of one flow in the making, with a node for each place that they touch. */
export class HopList {
  /** Ids that destinations of several accounts have: there the account tells them apart. */
  readonly #ambiguous: ReadonlySet<string>;
  readonly #hops = new Map<string, Hop>();
  readonly #places = new Map<string, Place>();

  /** For a flow in which these destinations are in use. */
  constructor(destinations: readonly Destination[] = []) {
    const accounts = new Map<string, Set<string>>();
    for (const destination of destinations) {
      if (destination.account === undefined) continue;
      const id = destinationId(destination);
      accounts.set(id, (accounts.get(id) ?? new Set()).add(destination.account));
    }
    this.#ambiguous = new Set([...accounts].flatMap(([id, { size }]) => (size > 1 ? [id] : [])));
  }

  /** Adds the hop; of two that say the same, the stronger join stays. */
  add(hop: Hop): void {
    const attempt = hop.kind === "receive" ? "" : String(hop.attempt ?? "");
    const id = `${hop.from}\n${hop.to}\n${hop.kind}\n${hop.messageId ?? ""}\n${attempt}`;
    const known = this.#hops.get(id);
    if (known && JOIN_STRENGTH.indexOf(known.joinedBy) <= JOIN_STRENGTH.indexOf(hop.joinedBy)) return;
    this.#hops.set(id, hop);
  }

  /** The node id of the destination, which was seen in use at that time. */
  place(destination: Destination, atMs: number): string {
    const base = destinationId(destination);
    const suffix = this.#ambiguous.has(base) ? (destination.account ?? "") : "";
    const id = suffix === "" ? base : `${base}@${suffix}`;
    const place = this.#places.get(id);
    if (place) {
      place.firstMs = Math.min(place.firstMs, atMs);
      place.lastMs = Math.max(place.lastMs, atMs);
      return id;
    }
    const { system } = destination;
    const name = suffix === "" ? destination.name : `${destination.name} (${suffix})`;
    const node: FlowNode = {
      id,
      kind: kindOfSystem(system),
      name,
      service: system,
      status: "unset",
      startTime: "",
      durationMs: 0,
      spanIds: [],
    };
    this.#places.set(id, { node, firstMs: atMs, lastMs: atMs });
    return id;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** Says that the place holds what failed elsewhere. */
  markDeadLetter(id: string): void {
    const place = this.#places.get(id);
    if (place) place.node.deadLetter = true;
  }

  /** The destinations as nodes: from the first message that came to the last one that left. */
  placeNodes(): FlowNode[] {
    return [...this.#places.values()].map(({ node, firstMs, lastMs }) => ({
      ...node,
      startTime: fromMs(firstMs),
      durationMs: Math.max(0, lastMs - firstMs),
    }));
  }

  hops(): Hop[] {
    return [...this.#hops.values()];
  }
}
