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

export class HopList {
  readonly #hops = new Map<string, Hop>();
  readonly #places = new Map<string, Place>();

  /** Adds the hop; of two that say the same, the stronger join stays. */
  add(hop: Hop): void {
    const key = [hop.from, hop.to, hop.kind, hop.messageId ?? "", hop.kind === "receive" ? "" : (hop.attempt ?? "")];
    const id = key.join("\n");
    const known = this.#hops.get(id);
    if (known && JOIN_STRENGTH.indexOf(known.joinedBy) <= JOIN_STRENGTH.indexOf(hop.joinedBy)) return;
    this.#hops.set(id, hop);
  }

  /** The node id of the destination, which was seen in use at that time. */
  place(destination: Destination, atMs: number): string {
    const id = destinationId(destination);
    const place = this.#places.get(id);
    if (place) {
      place.firstMs = Math.min(place.firstMs, atMs);
      place.lastMs = Math.max(place.lastMs, atMs);
      return id;
    }
    const { system, name } = destination;
    const base = { id, kind: kindOfSystem(system), name, service: system, status: "unset" as const };
    const node: FlowNode = { ...base, startTime: "", durationMs: 0, spanIds: [] };
    this.#places.set(id, { node, firstMs: atMs, lastMs: atMs });
    return id;
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
