/** What is missing or late, said to a reader. */
import type { Gap, Span } from "../../schema/flow.ts";
import type { Chain } from "./copies.ts";
import { destinationId, isPointToPoint } from "./destination.ts";
import { fromMs, toMs } from "./instant.ts";
import { isOutcome, type Graph } from "./join.ts";
import type { NodeIdOf } from "./hops.ts";
import { messageIdOf } from "./message.ts";
import type { Selection } from "./select.ts";
import { clockTime } from "./unreceived.ts";
import { isOrphan, isOwnParent } from "./unit.ts";

/** What a message waits in a queue at most, and its trace lasts: SQS keeps it for 14 days. */
const X_RAY_TRACE_MAX_MS = 14 * 24 * 3_600_000;

/** Units whose caller sent no span, or none yet. */
export function missingParents(graph: Graph, selection: Selection, nodeIdOf: NodeIdOf): Gap[] {
  const gaps: Gap[] = [];
  const circular = new Set(selection.circular);
  for (const unit of selection.units) {
    const { entry } = unit;
    const isExplained = graph.causes.has(unit) || unit.host !== undefined;
    if (circular.has(unit) || (!isExplained && isOwnParent(unit, graph.index))) {
      gaps.push({ kind: "missing-parent", nodeId: nodeIdOf(unit), message: circleMessage(entry), time: entry.startTime });
      continue;
    }
    if (isExplained) continue;
    if (isOrphan(unit, graph.index)) {
      if (isDurable(entry)) continue;
      const parent = `span ${entry.parentSpanId ?? ""}${isXRayTrace(entry) ? ", which may be an X-Ray segment" : ""}`;
      const message = `what caused this at ${clockTime(entry.startTime)} is missing: no ${parent}`;
      gaps.push({ kind: "missing-parent", nodeId: nodeIdOf(unit), message, time: entry.startTime });
      continue;
    }
    const take = selection.takes.get(unit)?.find(({ context }) => context !== undefined);
    if (take?.context === undefined) continue;
    const message = `what sent this is missing: no span ${take.context.spanId} of trace ${take.context.traceId}`;
    gaps.push({ kind: "missing-parent", nodeId: nodeIdOf(unit), message, time: entry.startTime });
  }
  return gaps;
}

function circleMessage({ spanId, parentSpanId, startTime }: Span): string {
  const what = `what caused this at ${clockTime(startTime)} is not known`;
  if (spanId === parentSpanId) return `${what}: it names itself as its parent`;
  return `${what}: it and what it caused name one another as parents`;
}

/** Messages of which only the body is known, and that more than one publish may have sent. */
export function ambiguousSenders({ contentSends }: Graph, selection: Selection, nodeIdOf: NodeIdOf): Gap[] {
  const joined = new Set(selection.edges.map(({ take }) => take));
  const gaps: Gap[] = [];
  for (const [unit, takes] of selection.takes) {
    for (const take of takes) {
      if (joined.has(take) || contentSends.senderOf(unit, take) !== "several") continue;
      const id = take.keys[0];
      const from = take.destination?.name ?? "its queue";
      const message =
        `what sent this to ${from} is not known: no trace came with it, and several messages with the same body ` +
        "were published at about that time";
      const messageId = id === undefined ? {} : { messageId: messageIdOf(id) };
      gaps.push({ kind: "missing-parent", nodeId: nodeIdOf(unit), message, time: unit.entry.startTime, ...messageId });
    }
  }
  return gaps;
}

/** X-Ray's ids begin with the second they were made in; its own segments are sent to X-Ray and nowhere else. */
function isXRayTrace({ traceId, startTime }: Span): boolean {
  const madeMs = Number.parseInt(traceId.slice(0, 8), 16) * 1000;
  return Math.abs(toMs(startTime) - madeMs) < X_RAY_TRACE_MAX_MS;
}

/** A durable execution's runs have a parent that stands for the execution and that nobody ever sends. */
function isDurable({ attributes }: Span): boolean {
  return attributes["aws.lambda.durable_execution.arn"] !== undefined;
}

/** The messages of a flow, and those that came back as copies. */
export interface Retries {
  readonly selection: Pick<Selection, "edges">;
  readonly chains: readonly Chain[];
  readonly copies: ReadonlyMap<Chain, Chain>;
}

/** Messages whose last attempt failed, and that neither came again nor reached a dead-letter queue yet. */
export function waitingForRetry({ selection, chains, copies }: Retries, nodeIdOf: NodeIdOf): Gap[] {
  const gaps: Gap[] = [];
  // Lambda tells a destination of an invocation once it is through with it.
  const ended = new Set(selection.edges.filter(isOutcome).map(({ from }) => from));
  for (const chain of chains) {
    // What became of it is said of its copy.
    if (copies.has(chain)) continue;
    const last = chain.at(-1);
    if (last?.destination === undefined || !last.failed || !isPointToPoint(last.destination)) continue;
    if (ended.has(last.unit)) continue;
    const time = fromMs(Math.max(last.endMs, toMs(last.unit.entry.startTime)));
    const name = destinationId(last.destination).split(":").slice(2).join(":");
    const message = `attempt ${String(last.attempt)} failed at ${clockTime(time)}; not seen again from ${name}`;
    const id = last.take.keys.find((key) => key.startsWith(`${last.destination?.system ?? ""}:`));
    const messageId = id === undefined ? {} : { messageId: id.slice(id.indexOf(":") + 1) };
    gaps.push({ kind: "waiting-for-retry", nodeId: nodeIdOf(last.unit), message, time, ...messageId });
  }
  return gaps;
}
