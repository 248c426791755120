import type { Hop } from "@hopscope/schema/flow";
import type { OutlineNode } from "@hopscope/schema/flow-outline";
import { formatDuration, plural } from "../shared/format.ts";
import { isCode, type Delivery, type FlowIndex } from "./flow-index.ts";

/** Waits that an edge lists one by one; of more, the longest. */
const WAITS_LISTED_MAX = 3;

/** How a node or an edge is drawn. */
export type GraphTone = "plain" | "ok" | "failed";

/** A function, a queue, a topic or a peer; a function's attempts and runs are one node. */
export interface GraphNode {
  id: string;
  kind: OutlineNode["kind"];
  name: string;
  /** What it is: `function`, `dead-letter queue`, the messaging system. */
  caption: string;
  /** What happened to it: `3 attempts, all failed`, `cold start 402 ms`. */
  facts: string[];
  tone: GraphTone;
  deadLetter: boolean;
  critical: boolean;
  /** The flow's nodes that it stands for, in order of time. */
  nodeIds: string[];
}

/** What passed between two nodes of the graph, failed deliveries apart from those that went through. */
export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  kind: Hop["kind"];
  tone: GraphTone;
  /** At most three short lines. */
  label: string[];
  /** The node to select with it. */
  nodeId: string;
}

/** The flow as resources and what passed between them. */
export interface GraphModel {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** Groups the flow's nodes and hops into what the graph draws. */
export function buildGraph(index: FlowIndex): GraphModel {
  const groupOf = nodeGroups(index);
  const groups = Map.groupBy(index.flow.nodes, (node) => groupOf.get(node.id) ?? node.id);
  const critical = new Set(index.flow.criticalPath);
  const nodes = [...groups].map(([id, members]) => graphNode(index, id, members, critical));
  const edges = Map.groupBy(index.flow.hops, (hop) => edgeId(groupOf, hop));
  return { nodes, edges: [...edges].flatMap(([id, hops]) => graphEdge(index, groupOf, id, hops)) };
}

/** Queues between the same two parts that are drawn one by one; more of them are drawn as one. */
const SIBLINGS_DRAWN_MAX = 3;

/** Returns, for every node of the flow, the id of the graph's node that it is drawn in. */
function nodeGroups(index: FlowIndex): Map<string, string> {
  const own = (node: OutlineNode): string => (isCode(node) ? `code:${node.service}:${node.name}` : node.id);
  const groups = new Map(index.flow.nodes.map((node) => [node.id, own(node)]));
  const ends = (hops: Hop[] | undefined, end: "from" | "to"): string[] =>
    [...new Set((hops ?? []).map((hop) => `${hop.kind}${hop.failed === true} ${groups.get(hop[end]) ?? ""}`))].sort();
  const brokers = index.flow.nodes.filter((node) => !isCode(node) && node.deadLetter !== true);
  const alike = Map.groupBy(brokers, ({ id, kind, service }) =>
    JSON.stringify([kind, service, ends(index.hopsTo.get(id), "from"), ends(index.hopsFrom.get(id), "to")]),
  );
  for (const [signature, nodes] of alike) {
    if (nodes.length > SIBLINGS_DRAWN_MAX) for (const node of nodes) groups.set(node.id, `many:${signature}`);
  }
  return groups;
}

function graphNode(index: FlowIndex, id: string, members: OutlineNode[], critical: Set<string>): GraphNode {
  const first = members[0] as OutlineNode;
  const failed = members.filter((node) => node.status === "error").length;
  const isMany = !isCode(first) && members.length > 1;
  return {
    id,
    kind: first.kind,
    name: isMany ? plural(members.length, KIND_WORDS[first.kind]) : first.name,
    caption: isMany ? `${first.name} … ${members.at(-1)?.name}` : nodeCaption(first),
    facts: isCode(first) ? codeFacts(index, members, failed) : [],
    tone: nodeTone(first, members.length, failed),
    deadLetter: first.deadLetter === true,
    critical: members.some((node) => critical.has(node.id)),
    nodeIds: members.map((node) => node.id),
  };
}

/** What failed and then went through is `ok`: worth a mark, no alarm. */
function nodeTone(first: OutlineNode, members: number, failed: number): GraphTone {
  if (first.deadLetter === true || failed === members) return "failed";
  return failed > 0 ? "ok" : "plain";
}

const KIND_WORDS: Record<OutlineNode["kind"], string> = {
  invocation: "function",
  request: "service",
  topic: "topic",
  queue: "queue",
  stream: "stream",
  bus: "event bus",
  bucket: "bucket",
  table: "table",
  external: "sends no spans",
};

function nodeCaption(node: OutlineNode): string {
  if (node.deadLetter === true) return "dead-letter queue";
  const words = KIND_WORDS[node.kind];
  if (isCode(node)) return node.service === node.name ? words : `${words} · ${node.service}`;
  return node.service && node.kind !== "external" ? `${words} · ${systemName(node.service)}` : words;
}

/** Returns a messaging system as people call it: `SQS` for `aws_sqs` or `AmazonSQS`. */
export function systemName(system: string): string {
  const name = system.replace(/^(aws[._]|Amazon)/i, "");
  return name.length <= 4 ? name.toUpperCase() : name;
}

function codeFacts(index: FlowIndex, members: OutlineNode[], failed: number): string[] {
  const facts: string[] = [];
  const retried = members.some((node) => (index.deliveriesTo.get(node.id)?.[0]?.attempts ?? 1) > 1);
  const what = retried ? "attempt" : "run";
  if (members.length > 1)
    facts.push(`${plural(members.length, what)}, ${failed === members.length ? "all" : failed || "none"} failed`);
  else
    facts.push(
      failed
        ? `failed after ${formatDuration(members[0]?.durationMs ?? 0)}`
        : `ran ${formatDuration(members[0]?.durationMs ?? 0)}`,
    );
  const cold = members.filter((node) => node.coldStart === true);
  if (cold.length === 1 && cold[0]?.initMs !== undefined) facts.push(`cold start ${formatDuration(cold[0].initMs)}`);
  else if (cold.length > 0) facts.push(plural(cold.length, "cold start"));
  const batch = members.find((node) => (node.batch?.size ?? 1) > 1)?.batch;
  if (batch) facts.push(`in a batch of ${batch.size}`);
  return facts;
}

function edgeId(groupOf: Map<string, string>, hop: Hop): string {
  const isFailed = hop.kind === "receive" && hop.failed === true;
  return JSON.stringify([groupOf.get(hop.from), groupOf.get(hop.to), hop.kind, isFailed]);
}

function graphEdge(index: FlowIndex, groupOf: Map<string, string>, id: string, hops: Hop[]): GraphEdge[] {
  const last = hops.at(-1) as Hop;
  const from = groupOf.get(last.from);
  const to = groupOf.get(last.to);
  if (from === undefined || to === undefined) return [];
  const failed = last.kind === "dead-letter" || (last.kind === "receive" && last.failed === true);
  return [
    {
      id,
      from,
      to,
      kind: last.kind,
      tone: failed ? "failed" : "plain",
      label: edgeLabel(index, hops, last),
      nodeId: last.to,
    },
  ];
}

function edgeLabel(index: FlowIndex, hops: Hop[], last: Hop): string[] {
  if (last.kind === "dead-letter") return [hops.length > 1 ? `${hops.length} dead-lettered` : "dead-lettered"];
  if (last.kind === "redrive") return ["redriven"];
  const joined = joinWords(hops);
  if (last.kind !== "receive") {
    return hops.length > 1 ? [plural(hops.length, last.kind === "call" ? "call" : "message"), ...joined] : joined;
  }
  const taken = hops.flatMap((hop) => index.deliveriesTo.get(hop.to)?.filter((delivery) => delivery.hop === hop) ?? []);
  taken.sort((a, b) => a.attempt - b.attempt);
  return [...attemptWords(taken), waitWords(taken), ...joined].filter((line) => line !== "");
}

/** How a hop was found, where it was not by the trace context that it carried. */
function joinWords(hops: Hop[]): string[] {
  const how = hops.find((hop) => hop.joinedBy !== "parent" && hop.kind !== "deliver")?.joinedBy;
  if (how === undefined || how === "parent") return [];
  return [{ link: "joined by a link", identity: "joined by message id", content: "joined by content" }[how]];
}

function attemptWords(taken: Delivery[]): string[] {
  const last = taken.at(-1);
  if (!last || taken.every((delivery) => delivery.attempts === 1)) {
    if (last?.failed === true) return [`✕ ${taken.length > 1 ? `${taken.length} failed` : "failed"}`];
    return taken.length > 1 ? [plural(taken.length, "message")] : [];
  }
  const numbers = [...new Set(taken.map((delivery) => delivery.attempt))].sort((a, b) => a - b);
  const which = numbers.length === 1 ? `attempt ${numbers[0]}` : `attempts ${rangeWords(numbers)}`;
  return [last.failed ? `✕ ${which} failed` : `✓ ${which} went through`];
}

function rangeWords(numbers: number[]): string {
  const first = numbers[0] ?? 0;
  const last = numbers.at(-1) ?? first;
  return last - first === numbers.length - 1 && numbers.length > 2 ? `${first}–${last}` : numbers.join(", ");
}

function waitWords(taken: Delivery[]): string {
  const waits = taken.flatMap(({ waited }) => (waited ? [waited.toMs - waited.fromMs] : []));
  if (waits.length === 0) return "";
  if (waits.length > WAITS_LISTED_MAX) return `waited up to ${formatDuration(Math.max(...waits))}`;
  return `waited ${waits.map(formatDuration).join(", ")}`;
}
