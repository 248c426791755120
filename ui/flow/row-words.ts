import type { Hop } from "@hopscope/schema/flow";
import type { OutlineNode } from "@hopscope/schema/flow-outline";
import { formatDuration, plural } from "../shared/format.ts";
import { entryName, flowTime, nodeExtent, type Delivery, type FlowIndex } from "./flow-index.ts";
import type { Row, RowKind, RowTag, Segment } from "./row.ts";
import { attemptsBeforeDeadLetter, retryWaits } from "./waits.ts";

/** Clocks of two hosts differ by this much without anyone noticing. */
const SKEW_NOTICED_MS = 1;

/** What a row says of itself; its place and extent follow. */
export type RowWords = Omit<Row, "critical" | "depth" | "parentIndex" | "endIndex" | "fromMs" | "toMs">;

const NO_TAGS: RowTag[] = [];

/** Returns the row of code that ran: its wait, its start and its run. */
export function codeWords(index: FlowIndex, node: OutlineNode): RowWords {
  const delivery = index.deliveriesTo.get(node.id)?.[0];
  const { fromMs, toMs } = nodeExtent(index.flow, node);
  const segments: Segment[] = [];
  if (delivery?.waited) segments.push({ kind: delivery.attempt > 1 ? "retry" : "queue", ...delivery.waited });
  if (node.initMs !== undefined) segments.push({ kind: "init", fromMs: fromMs - node.initMs, toMs: fromMs });
  segments.push({ kind: "run", fromMs, toMs });
  const [entry] = node.spans;
  const spanId = entry === undefined ? undefined : index.spans.id(entry);
  const note = entryName(index, node);
  return {
    id: spanId ?? node.id,
    kind: node.kind === "request" ? "request" : "invocation",
    name: node.name,
    ...(note ? { note } : {}),
    service: node.service,
    tags: codeTags(index, node, delivery),
    failed: node.status === "error",
    segments,
    nodeId: node.id,
    ...(spanId === undefined ? {} : { spanId }),
    ...(node.error ? { error: errorText(node.error) } : {}),
  };
}

function codeTags(index: FlowIndex, node: OutlineNode, delivery?: Delivery): RowTag[] {
  const tags: RowTag[] = [];
  const attempt = delivery?.attempt ?? node.attempt ?? 1;
  const attempts = delivery?.attempts ?? node.attempts ?? 1;
  if (attempts > 1) {
    tags.push({ tone: node.status === "error" ? "error" : "ok", text: `attempt ${attempt} of ${attempts}` });
  }
  if (node.timedOut === true) tags.push({ tone: "error", text: "timed out" });
  if (node.batch && node.batch.size > 1)
    tags.push({ tone: "plain", text: `1 of ${plural(node.batch.size, "message")}` });
  if (node.coldStart === true) {
    tags.push({
      tone: "warn",
      text: node.initMs === undefined ? "cold" : `cold ${formatDuration(node.initMs)}`,
    });
  }
  if (node.clockSkewMs !== undefined) tags.push({ tone: "warn", text: `clock moved ${signed(node.clockSkewMs)}` });
  const sentTime = delivery?.hop.sentTime;
  const behindMs = sentTime === undefined ? 0 : flowTime(index.flow, sentTime) - flowTime(index.flow, node.startTime);
  if (behindMs > SKEW_NOTICED_MS) tags.push({ tone: "warn", text: `clock ${formatDuration(behindMs)} behind` });
  return tags;
}

/** Returns a duration with its sign: `+525 ms`. */
const signed = (durationMs: number): string => `${durationMs > 0 ? "+" : ""}${formatDuration(durationMs)}`;

/** Returns the row of a span; `node` is the one that it belongs to. */
export function spanWords({ spans }: FlowIndex, at: number, node?: OutlineNode): RowWords {
  const spanId = spans.id(at);
  const name = spans.name(at);
  const fromMs = spans.startMs[at] ?? 0;
  const isInit = name === "init" && node?.coldStart === true;
  const failure = spans.failure(at);
  return {
    id: spanId,
    kind: "span",
    name,
    service: spans.service(at),
    tags: node?.batch?.spanId === spans.sentId(at) ? [{ tone: "plain", text: "the whole batch" }] : NO_TAGS,
    failed: failure !== undefined,
    segments: [{ kind: isInit ? "init" : "run", fromMs, toMs: fromMs + (spans.durationMs[at] ?? 0) }],
    spanId,
    ...(failure ? { error: failure } : {}),
  };
}

/** Returns the row of a queue, topic or peer, as a message that `arrived` passed it and was `taken`. */
export function brokerWords(
  index: FlowIndex,
  node: OutlineNode,
  passed: { readonly id: string; readonly arrived: Hop | undefined; readonly taken: Delivery[] },
): RowWords {
  const { id, arrived, taken } = passed;
  return {
    id,
    kind: brokerKind(node),
    name: node.name,
    service: node.service,
    tags: brokerTags(index, node, arrived),
    failed: node.deadLetter === true,
    segments: brokerSegments(index, node, arrived, taken),
    nodeId: node.id,
  };
}

function brokerKind(node: OutlineNode): RowKind {
  if (node.deadLetter === true) return "dead-letter";
  if (node.kind === "topic" || node.kind === "bus") return "topic";
  return node.kind === "external" ? "external" : "queue";
}

function brokerTags(index: FlowIndex, node: OutlineNode, arrived?: Hop): RowTag[] {
  if (arrived?.kind === "dead-letter") {
    const attempts = attemptsBeforeDeadLetter(index, arrived).length;
    return [{ tone: "error", text: attempts > 0 ? `after ${plural(attempts, "attempt")}` : "dead letters" }];
  }
  if (arrived?.kind === "redrive") return [{ tone: "warn", text: "redriven" }];
  if (arrived?.joinedBy === "content") return [{ tone: "plain", text: "joined by content" }];
  return node.kind === "external" ? [{ tone: "plain", text: "sent no spans" }] : [];
}

function brokerSegments(index: FlowIndex, node: OutlineNode, arrived: Hop | undefined, taken: Delivery[]): Segment[] {
  const segments: Segment[] = [];
  for (const { attempt, waited } of taken) {
    if (waited) segments.push({ kind: attempt > 1 ? "retry" : "queue", ...waited });
  }
  for (const { queueId, fromMs, toMs } of retryWaits(index)) {
    if (queueId === node.id && taken.length > 0) segments.push({ kind: "retry", fromMs, toMs });
  }
  if (segments.length > 0) return segments.sort((a, b) => a.fromMs - b.fromMs);
  const atMs = flowTime(index.flow, arrived?.sentTime ?? node.startTime);
  return [{ kind: "queue", fromMs: atMs, toMs: atMs }];
}

function errorText(error: { type: string; message: string }): string {
  return [error.type, error.message].filter(Boolean).join(": ");
}
