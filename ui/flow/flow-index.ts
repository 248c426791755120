import type { Hop } from "@hopscope/schema/flow";
import type { FlowOutline, OutlineNode } from "@hopscope/schema/flow-outline";
import { millisBetween } from "../shared/instant.ts";
import { SpanTable } from "./span-table.ts";

/** A flow whose nodes name their spans by position. */
export type OutlinedFlow = FlowOutline["flow"];

/** One attempt to hand a message to code: the `receive` hop with its ends, and when it lay waiting before. */
export interface Delivery {
  hop: Hop;
  /** The queue or topic it came from. */
  source: OutlineNode;
  /** The invocation that took it. */
  target: OutlineNode;
  /** 1 for the first delivery of the message to this consumer. */
  attempt: number;
  /** Deliveries seen of this message to this consumer. */
  attempts: number;
  failed: boolean;
  /**
   * Where it waited before this attempt, in flow time: since it was sent, or since the attempt before ended.
   * Absent where neither end is known.
   */
  waited?: { fromMs: number; toMs: number };
}

/** A flow with the look-ups that every view needs; built once per answer of the API. */
export interface FlowIndex {
  flow: OutlinedFlow;
  spans: SpanTable;
  nodes: Map<string, OutlineNode>;
  /** By the id of the node they leave. */
  hopsFrom: Map<string, Hop[]>;
  /** By the id of the node they reach. */
  hopsTo: Map<string, Hop[]>;
  /** By the id of the invocation, in order of attempts. */
  deliveriesTo: Map<string, Delivery[]>;
  /** By the id of the queue or topic, in order of attempts. */
  deliveriesFrom: Map<string, Delivery[]>;
  /** From the first to the last instant of the flow, in flow time. */
  window: { fromMs: number; toMs: number };
}

/** Returns flow time: milliseconds since the flow's start. */
export function flowTime(flow: Pick<OutlinedFlow, "startTime">, instant: string): number {
  return millisBetween(flow.startTime, instant);
}

/** Returns whether a node stands for code that ran, not for a queue, topic or peer. */
export function isCode(node: OutlineNode): boolean {
  return node.kind === "invocation" || node.kind === "request";
}

/** Returns when a node began and ended, in flow time, its init left out. */
export function nodeExtent(flow: OutlinedFlow, node: OutlineNode): { fromMs: number; toMs: number } {
  const fromMs = flowTime(flow, node.startTime);
  return { fromMs, toMs: fromMs + node.durationMs };
}

/** Returns what a function was called by, as its entry span names it: a route; nothing where that says no more. */
export function entryName(index: FlowIndex, node: OutlineNode): string {
  const [entry] = node.spans;
  if (entry === undefined || index.spans.kind(entry) === "consumer") return "";
  const name = index.spans.name(entry);
  return name === node.name ? "" : name;
}

/** Builds the look-ups of a flow. */
export function indexFlow({ flow, spans: columns }: FlowOutline): FlowIndex {
  const nodes = new Map(flow.nodes.map((node) => [node.id, node]));
  const spans = new SpanTable(columns);
  const deliveries = listDeliveries(flow, nodes);
  return {
    flow,
    spans,
    nodes,
    hopsFrom: Map.groupBy(flow.hops, (hop) => hop.from),
    hopsTo: Map.groupBy(flow.hops, (hop) => hop.to),
    deliveriesTo: Map.groupBy(deliveries, (delivery) => delivery.target.id),
    deliveriesFrom: Map.groupBy(deliveries, (delivery) => delivery.source.id),
    window: flowWindow(flow, spans, deliveries),
  };
}

function listDeliveries(flow: OutlinedFlow, nodes: Map<string, OutlineNode>): Delivery[] {
  const found: { hop: Hop; source: OutlineNode; target: OutlineNode }[] = [];
  for (const hop of flow.hops) {
    const source = nodes.get(hop.from);
    const target = nodes.get(hop.to);
    if (hop.kind === "receive" && source && target) found.push({ hop, source, target });
  }
  const perMessage = Map.groupBy(found, ({ hop, target }) =>
    JSON.stringify([hop.from, target.service, target.name, hop.messageId ?? hop.to]),
  );
  return [...perMessage.values()].flatMap((group) => attemptsInOrder(flow, group));
}

function attemptsInOrder(flow: OutlinedFlow, group: Pick<Delivery, "hop" | "source" | "target">[]): Delivery[] {
  const order = group.toSorted(
    (a, b) =>
      (a.hop.attempt ?? 0) - (b.hop.attempt ?? 0) ||
      flowTime(flow, a.target.startTime) - flowTime(flow, b.target.startTime),
  );
  const most = Math.max(
    order.length,
    ...order.map(({ hop, target }) => Math.max(hop.attempt ?? 0, target.attempts ?? 0)),
  );
  return order.map(({ hop, source, target }, index) => {
    const before = order[index - 1]?.target;
    const waited = waitBefore(flow, hop, target, before);
    // A message keeps its receive count when it is dead-lettered: there, attempts begin anew.
    const counted = source.deadLetter === true ? undefined : (hop.attempt ?? target.attempt);
    return {
      hop,
      source,
      target,
      attempt: counted ?? index + 1,
      attempts: source.deadLetter === true ? order.length : most,
      failed: hop.failed ?? target.status === "error",
      ...(waited ? { waited } : {}),
    };
  });
}

function waitBefore(flow: OutlinedFlow, hop: Hop, target: OutlineNode, before?: OutlineNode): Delivery["waited"] {
  const start = flowTime(flow, target.startTime);
  const toMs = hop.receivedTime ? flowTime(flow, hop.receivedTime) : start - (target.initMs ?? 0);
  if (hop.queueWaitMs !== undefined) return { fromMs: toMs - hop.queueWaitMs, toMs };
  if (before) return { fromMs: Math.min(nodeExtent(flow, before).toMs, toMs), toMs };
  return hop.sentTime ? { fromMs: Math.min(flowTime(flow, hop.sentTime), toMs), toMs } : undefined;
}

function flowWindow(flow: OutlinedFlow, spans: SpanTable, deliveries: Delivery[]): { fromMs: number; toMs: number } {
  let fromMs = 0;
  let toMs = flow.durationMs;
  for (const node of flow.nodes) {
    const extent = nodeExtent(flow, node);
    fromMs = Math.min(fromMs, extent.fromMs - (node.initMs ?? 0));
    if (isCode(node)) toMs = Math.max(toMs, extent.toMs);
  }
  const { startMs, durationMs } = spans;
  for (let at = 0; at < spans.count; at += 1) {
    const start = startMs[at] ?? 0;
    const end = start + (durationMs[at] ?? 0);
    if (start < fromMs) fromMs = start;
    if (end > toMs) toMs = end;
  }
  for (const { waited } of deliveries) fromMs = Math.min(fromMs, waited?.fromMs ?? 0);
  return { fromMs, toMs: Math.max(toMs, fromMs + 0.001) };
}
