/** Peers that sent no spans of their own: databases, tables, buckets, third parties. */
import * as names from "../../schema/attributes.ts";
import type { FlowNode, NodeKind, Span } from "../../schema/flow.ts";
import { text } from "./attribute-readers.ts";
import type { HopList } from "./hop-list.ts";
import type { NodeIdOf } from "./hops.ts";
import { fromMs, toMs } from "./instant.ts";
import type { Graph } from "./join.ts";
import { destinationOf, FUNCTION_SYSTEM } from "./message.ts";
import { isSendSpan } from "./send.ts";
import { endMs } from "./span-order.ts";
import type { Unit } from "./unit.ts";

interface Peer {
  readonly kind: NodeKind;
  readonly system: string;
  readonly name: string;
}

/** The units of the flow, and the graph that says which of their calls were answered by spans. */
export interface ExternalInput {
  readonly graph: Graph;
  readonly units: readonly Unit[];
  readonly nodeIdOf: NodeIdOf;
}

/** Adds a call hop to each peer of a client span that no other span answered; returns the peers as nodes. */
export function addExternalCalls(hops: HopList, { graph, units, nodeIdOf }: ExternalInput): FlowNode[] {
  const answered = new Set([...graph.effects.values()].flat().map(({ fromSpan }) => fromSpan));
  const nodes = new Map<string, FlowNode>();
  for (const unit of units) {
    let parents: Set<string | undefined> | undefined;
    for (const span of unit.spans) {
      if (span.kind !== "client" || answered.has(span)) continue;
      parents ??= new Set(unit.spans.map(({ parentSpanId }) => parentSpanId));
      if (parents.has(span.spanId)) continue;
      const peer = peerOf(span);
      if (peer === undefined) continue;
      const id = `${peer.kind}:${peer.system}:${peer.name}`;
      if (!hops.has(id)) nodes.set(id, merged(nodes.get(id), { id, peer, span }));
      const failed = span.status === "error";
      hops.add({ from: nodeIdOf(unit), to: id, kind: "call", joinedBy: "parent", ...(failed && { failed }) });
    }
  }
  return [...nodes.values()];
}

/** Who answered the call, as far as the caller knows. Polling and deleting messages is part of taking them. */
function peerOf(span: Span): Peer | undefined {
  const { attributes } = span;
  const service = text(attributes, names.RPC_SERVICE);
  const invoked = isSendSpan(span) ? destinationOf(attributes) : undefined;
  if (invoked?.system === FUNCTION_SYSTEM) return { kind: "external", system: invoked.system, name: invoked.name };
  if (text(attributes, names.MESSAGING_SYSTEM) || service === "SQS" || service === "SNS") return undefined;
  const table = text(attributes, "aws.dynamodb.table_names") ?? text(attributes, "db.collection.name");
  if (service === "DynamoDB") return { kind: "table", system: "aws.dynamodb", name: table ?? "DynamoDB" };
  if (service === "S3") return { kind: "bucket", system: "aws.s3", name: text(attributes, "aws.s3.bucket") ?? "S3" };
  const database = text(attributes, "db.system.name") ?? text(attributes, "db.system");
  const host = text(attributes, names.SERVER_ADDRESS) ?? text(attributes, "peer.service");
  if (database !== undefined) {
    return { kind: "external", system: database, name: text(attributes, "db.namespace") ?? host ?? database };
  }
  if (service !== undefined) return { kind: "external", system: "rpc", name: service };
  return host === undefined ? undefined : { kind: "external", system: "http", name: host };
}

function merged(known: FlowNode | undefined, { id, peer, span }: { id: string; peer: Peer; span: Span }): FlowNode {
  const startMs = Math.min(toMs(span.startTime), known ? toMs(known.startTime) : Infinity);
  const endedMs = Math.max(endMs(span), known ? toMs(known.startTime) + known.durationMs : 0);
  return {
    id,
    kind: peer.kind,
    name: peer.name,
    service: peer.system,
    status: span.status === "error" || known?.status === "error" ? "error" : "unset",
    startTime: fromMs(startMs),
    durationMs: Math.max(0, endedMs - startMs),
    spanIds: [],
  };
}
