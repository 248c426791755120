import type { Hop, Span } from "@hopscope/schema/flow";
import { attributeText } from "../shared/attribute-text.ts";
import { formatClock, formatDuration, plural } from "../shared/format.ts";
import { epochMillis } from "../shared/instant.ts";
import { isCode, type Delivery, type FlowIndex } from "./flow-index.ts";
import { systemName } from "./graph-model.ts";
import type { Row } from "./row.ts";

/** A line of what is known about a row. */
export interface Fact {
  name: string;
  value: string;
}

/** A hop to or from what is selected. */
export interface Neighbour {
  nodeId: string;
  name: string;
  /** How it is joined to what is selected: `sent`, `called`, `received` ... */
  relation: string;
  /** How the join was found. */
  joinedBy: string;
}

const JOIN_WORDS: Record<Hop["joinedBy"], string> = {
  parent: "by trace context",
  link: "by a span link",
  identity: "by message id",
  content: "by the message's content",
};

/** Returns what is known about a row, in words: times, attempt, wait, batch. */
export function rowFacts(index: FlowIndex, row: Row): Fact[] {
  const node = row.nodeId === undefined ? undefined : index.nodes.get(row.nodeId);
  const delivery = node && row.kind !== "span" ? index.deliveriesTo.get(node.id)?.[0] : undefined;
  const startMs = epochMillis(index.flow.startTime);
  const facts: Fact[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") facts.push({ name, value });
  };
  if (row.kind === "group") {
    add("First", formatClock(startMs + row.fromMs));
    add("Spread over", formatDuration(row.toMs - row.fromMs));
    add("Service", row.service);
    return facts;
  }
  const run = row.segments.findLast((segment) => segment.kind === "run" || segment.kind === "init");
  add("Started", formatClock(startMs + (run?.fromMs ?? row.fromMs)));
  if (run) add("Ran", formatDuration(run.toMs - run.fromMs));
  if (node?.initMs !== undefined) add("Cold start", `${formatDuration(node.initMs)} before it ran`);
  if (node?.clockSkewMs !== undefined && row.kind !== "span") {
    const direction = node.clockSkewMs > 0 ? "earlier" : "later";
    add("Clock", `its own said ${formatDuration(Math.abs(node.clockSkewMs))} ${direction}`);
  }
  if (delivery) addDelivery(add, delivery);
  const isBroker = node !== undefined && !isCode(node);
  if (isBroker) {
    add("System", systemName(node.service));
    add("Deliveries", deliveryWords(index.deliveriesFrom.get(node.id) ?? []));
  }
  if (node?.batch) add("Batch", `1 of ${plural(node.batch.size, "message")} that the run took`);
  if (!isBroker) add("Service", row.service);
  if (row.spanId !== undefined) add("Kind", index.spans.kind(index.spans.positionOf(row.spanId)));
  return facts;
}

function addDelivery(add: (name: string, value: string | undefined) => void, delivery: Delivery): void {
  const { attempt, attempts, waited, hop, source } = delivery;
  if (attempts > 1) add("Attempt", `${attempt} of ${attempts}`);
  if (waited) {
    const words = attempt > 1 ? `in ${source.name}, since attempt ${attempt - 1} ended` : `in ${source.name}`;
    add("Waited", `${formatDuration(waited.toMs - waited.fromMs)} ${words}`);
  }
  if (attempt > 1 && hop.queueWaitMs !== undefined) add("Since sent", formatDuration(hop.queueWaitMs));
  add("Message id", hop.messageId);
}

function deliveryWords(deliveries: Delivery[]): string {
  if (deliveries.length === 0) return "none seen";
  const failed = deliveries.filter((delivery) => delivery.failed).length;
  return failed === 0 ? String(deliveries.length) : `${deliveries.length}, ${failed} failed`;
}

/** Returns what led to a node and what it led to. */
export function neighbours(index: FlowIndex, nodeId: string): { upstream: Neighbour[]; downstream: Neighbour[] } {
  const toward = (hop: Hop, other: string, relation: string): Neighbour[] => {
    const node = index.nodes.get(other);
    if (!node) return [];
    return [{ nodeId: other, name: node.name, relation, joinedBy: JOIN_WORDS[hop.joinedBy] }];
  };
  return {
    upstream: (index.hopsTo.get(nodeId) ?? []).flatMap((hop) => toward(hop, hop.from, UPSTREAM_WORDS[hop.kind])),
    downstream: (index.hopsFrom.get(nodeId) ?? []).flatMap((hop) => toward(hop, hop.to, downstreamWords(index, hop))),
  };
}

const UPSTREAM_WORDS: Record<Hop["kind"], string> = {
  publish: "sent by",
  deliver: "passed on by",
  receive: "received from",
  call: "called by",
  "dead-letter": "moved here from",
  redrive: "sent back from",
};

function downstreamWords(index: FlowIndex, hop: Hop): string {
  if (hop.kind === "receive") {
    const delivery = index.deliveriesTo.get(hop.to)?.find((item) => item.hop === hop);
    const which = delivery && delivery.attempts > 1 ? `attempt ${delivery.attempt}` : "taken by";
    return hop.failed === true ? `${which}, failed:` : which === "taken by" ? which : `${which}:`;
  }
  return {
    publish: "sent to",
    deliver: "passed on to",
    call: "called",
    "dead-letter": "moved to",
    redrive: "sent back to",
  }[hop.kind];
}

/** Returns the exception that a span recorded last, where it did. */
export function exceptionOf(span: Span): { type: string; message: string; stack: string } | undefined {
  const event = span.events.findLast(({ name }) => name === "exception");
  if (!event) return undefined;
  const read = (name: string): string => attributeText(event.attributes[name]);
  return { type: read("exception.type"), message: read("exception.message"), stack: read("exception.stacktrace") };
}
