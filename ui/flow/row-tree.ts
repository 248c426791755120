import type { FlowNode, Gap, Hop, Span } from "@hopscope/schema/flow";
import { attributeText } from "../shared/attribute-text.ts";
import { formatDuration, plural } from "../shared/format.ts";
import { entryName, flowTime, isCode, nodeExtent, type Delivery, type FlowIndex } from "./flow-index.ts";
import { brokerHops, producerSpan } from "./hop-parents.ts";
import type { Row, RowKind, RowTag, Segment } from "./row.ts";
import { attemptsBeforeDeadLetter, retryWaits } from "./waits.ts";

/** Clocks of two hosts differ by this much without anyone noticing. */
const SKEW_NOTICED_MS = 1;

/** A row with its children, before both are put in reading order. */
export interface RowDraft {
  /** Its place in the order is still to be filled in. */
  row: Row;
  /** By which siblings are ordered, in flow time. */
  orderMs: number;
  children: RowDraft[];
  /** Its children are siblings that are alike, and are not gathered again. */
  isGroup?: boolean;
}

/** What a row says of itself; its place and extent follow. */
type RowWords = Omit<Row, "critical" | "depth" | "parentIndex" | "endIndex" | "fromMs" | "toMs">;

const NO_TAGS: RowTag[] = [];

interface Placement {
  index: FlowIndex;
  critical: Set<string>;
  roots: RowDraft[];
  /** By node id; of queues that several messages passed, the first. */
  drafts: Map<string, RowDraft>;
  spanDrafts: Map<string, RowDraft>;
  /** Hops out of a queue or topic by the hop that brought their message in. */
  onward: Map<Hop, Hop[]>;
  /** A hop is placed once: queues and their dead-letter queues can form a ring. */
  placedHops: Set<Hop>;
  /** Nodes and hops still to be placed below a draft; a queue, because flows can be deep. */
  todo: (() => void)[];
}

/** Returns the flow as trees of rows: code, what it sent, where that waited, and who took it. */
export function growRowTree(index: FlowIndex): RowDraft[] {
  const place: Placement = {
    index,
    critical: new Set(index.flow.criticalPath),
    roots: [],
    drafts: new Map(),
    spanDrafts: new Map(),
    onward: brokerHops(index),
    placedHops: new Set(),
    todo: [],
  };
  const started = index.flow.nodes.toSorted(
    (a, b) => flowTime(index.flow, a.startTime) - flowTime(index.flow, b.startTime),
  );
  const order = [...index.flow.roots.flatMap((id) => index.nodes.get(id) ?? []), ...started.filter(isCode), ...started];
  for (const node of order) {
    if (place.drafts.has(node.id) || isOnlyCalled(index, node)) continue;
    place.todo.push(() => placeRoot(place, node));
    for (let next = place.todo.shift(); next; next = place.todo.shift()) next();
  }
  placeLooseSpans(place);
  for (const gap of index.flow.gaps) placeGap(place, gap);
  rescueStranded(place);
  return place.roots;
}

/** A database or third party stands in the graph; in the waterfall the client spans stand for it. */
function isOnlyCalled(index: FlowIndex, node: FlowNode): boolean {
  const hops = index.hopsTo.get(node.id) ?? [];
  return !isCode(node) && hops.length > 0 && hops.every((hop) => hop.kind === "call") && !index.hopsFrom.has(node.id);
}

/** Spans whose parents form a ring hang below no root: the first of each ring becomes one. */
function rescueStranded(place: Placement): void {
  const reached = new Set<RowDraft>();
  const reach = (from: RowDraft[]): void => {
    const stack = [...from];
    for (let draft = stack.pop(); draft; draft = stack.pop()) {
      if (reached.has(draft)) continue;
      reached.add(draft);
      stack.push(...draft.children);
    }
  };
  reach(place.roots);
  for (const draft of place.spanDrafts.values()) {
    if (reached.has(draft)) continue;
    place.roots.push(draft);
    reach([draft]);
  }
}

function placeRoot(place: Placement, node: FlowNode): void {
  const draft = isCode(node) ? codeDraft(place, node) : brokerDraft(place, node, undefined, `${node.id}@`);
  place.roots.push(draft);
}

function codeDraft(place: Placement, node: FlowNode): RowDraft {
  const { index } = place;
  const delivery = index.deliveriesTo.get(node.id)?.[0];
  const { fromMs, toMs } = nodeExtent(index.flow, node);
  const segments: Segment[] = [];
  if (delivery?.waited) segments.push({ kind: delivery.attempt > 1 ? "retry" : "queue", ...delivery.waited });
  if (node.initMs !== undefined) segments.push({ kind: "init", fromMs: fromMs - node.initMs, toMs: fromMs });
  segments.push({ kind: "run", fromMs, toMs });
  const entryId = node.spanIds[0];
  const draft = newDraft(place, {
    id: entryId ?? node.id,
    kind: node.kind === "request" ? "request" : "invocation",
    name: node.name,
    ...(entryName(index, node) ? { note: entryName(index, node) } : {}),
    service: node.service,
    tags: codeTags(index, node, delivery),
    failed: node.status === "error",
    segments,
    nodeId: node.id,
    ...(entryId === undefined ? {} : { spanId: entryId }),
    ...(node.error ? { error: errorText(node.error) } : {}),
  });
  place.drafts.set(node.id, draft);
  if (entryId !== undefined) place.spanDrafts.set(entryId, draft);
  for (const spanId of node.spanIds.slice(1)) placeSpan(place, node, spanId, draft);
  for (const spanId of node.spanIds.slice(1)) attachSpan(place, spanId, draft);
  place.todo.push(() => {
    for (const hop of index.hopsFrom.get(node.id) ?? []) placeHop(place, hop, senderDraft(place, node, hop) ?? draft);
  });
  return draft;
}

function codeTags(index: FlowIndex, node: FlowNode, delivery?: Delivery): RowTag[] {
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
  const sentTime = delivery?.hop.sentTime;
  const behindMs = sentTime === undefined ? 0 : flowTime(index.flow, sentTime) - flowTime(index.flow, node.startTime);
  if (behindMs > SKEW_NOTICED_MS) tags.push({ tone: "warn", text: `clock ${formatDuration(behindMs)} behind` });
  return tags;
}

function placeSpan(place: Placement, node: FlowNode, spanId: string, owner: RowDraft): void {
  const span = place.index.spans.get(spanId);
  if (!span || place.spanDrafts.has(spanId)) return;
  place.spanDrafts.set(
    spanId,
    newDraft(place, spanRow(place.index, span, owner.row.nodeId === node.id ? node : undefined)),
  );
}

function attachSpan(place: Placement, spanId: string, owner: RowDraft): void {
  const draft = place.spanDrafts.get(spanId);
  if (!draft || draft === owner) return;
  const parentId = place.index.spans.get(spanId)?.parentSpanId;
  const inside = parentId !== undefined && place.index.nodeOfSpan.get(parentId)?.id === owner.row.nodeId;
  const parent = inside ? place.spanDrafts.get(parentId) : undefined;
  (parent ?? owner).children.push(draft);
}

function spanRow(index: FlowIndex, span: Span, node?: FlowNode): RowWords {
  const fromMs = flowTime(index.flow, span.startTime);
  const isInit = span.name === "init" && node?.coldStart === true;
  const failed = span.status === "error";
  const message = span.statusMessage || attributeText(span.attributes["error.type"]);
  return {
    id: span.spanId,
    kind: "span",
    name: span.name,
    service: span.service,
    tags: node?.batch?.spanId === span.spanId ? [{ tone: "plain", text: "the whole batch" }] : NO_TAGS,
    failed,
    segments: [{ kind: isInit ? "init" : "run", fromMs, toMs: fromMs + span.durationMs }],
    spanId: span.spanId,
    ...(failed && message ? { error: message } : {}),
  };
}

function placeHop(place: Placement, hop: Hop, parent: RowDraft): void {
  const node = place.index.nodes.get(hop.to);
  if (!node || place.placedHops.has(hop) || isPeer(node, hop)) return;
  place.placedHops.add(hop);
  if (!isCode(node)) {
    parent.children.push(brokerDraft(place, node, hop, `${node.id}@${hop.messageId ?? parent.row.id}`));
    return;
  }
  const known = place.drafts.get(node.id);
  parent.children.push(known ? referenceDraft(place, known, parent) : codeDraft(place, node));
}

/** A peer that sent no spans: the client span that called it is its row. */
function isPeer(node: FlowNode, hop: Hop): boolean {
  return hop.kind === "call" && !isCode(node);
}

function brokerDraft(place: Placement, node: FlowNode, arrived: Hop | undefined, id: string): RowDraft {
  const { index } = place;
  const onward = arrived ? (place.onward.get(arrived) ?? []) : (index.hopsFrom.get(node.id) ?? []);
  const receives = onward.filter((hop) => hop.kind === "receive");
  const deliveries = receives.flatMap(
    (hop) => index.deliveriesTo.get(hop.to)?.filter((item) => item.hop === hop) ?? [],
  );
  const draft = newDraft(place, {
    id,
    kind: brokerKind(node),
    name: node.name,
    service: node.service,
    tags: brokerTags(index, node, arrived),
    failed: node.deadLetter === true,
    segments: brokerSegments(index, node, arrived, deliveries),
    nodeId: node.id,
  });
  if (!place.drafts.has(node.id)) place.drafts.set(node.id, draft);
  place.todo.push(() => {
    for (const hop of onward) placeHop(place, hop, draft);
  });
  return draft;
}

function brokerKind(node: FlowNode): RowKind {
  if (node.deadLetter === true) return "dead-letter";
  if (node.kind === "topic" || node.kind === "bus") return "topic";
  return node.kind === "external" ? "external" : "queue";
}

function brokerTags(index: FlowIndex, node: FlowNode, arrived?: Hop): RowTag[] {
  if (arrived?.kind === "dead-letter") {
    const attempts = attemptsBeforeDeadLetter(index, arrived).length;
    return [{ tone: "error", text: attempts > 0 ? `after ${plural(attempts, "attempt")}` : "dead letters" }];
  }
  if (arrived?.kind === "redrive") return [{ tone: "warn", text: "redriven" }];
  if (arrived?.joinedBy === "content") return [{ tone: "plain", text: "joined by content" }];
  return node.kind === "external" ? [{ tone: "plain", text: "sent no spans" }] : [];
}

function brokerSegments(index: FlowIndex, node: FlowNode, arrived: Hop | undefined, taken: Delivery[]): Segment[] {
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

function referenceDraft(place: Placement, known: RowDraft, parent: RowDraft): RowDraft {
  const { row } = known;
  return newDraft(place, {
    id: `${row.id}@${parent.row.id}`,
    kind: "reference",
    name: row.name,
    service: row.service,
    tags: [{ tone: "plain", text: "in the same batch, shown above" }],
    failed: row.failed,
    segments: row.segments,
    ...(row.nodeId === undefined ? {} : { nodeId: row.nodeId }),
    ...(row.spanId === undefined ? {} : { spanId: row.spanId }),
  });
}

function senderDraft(place: Placement, node: FlowNode, hop: Hop): RowDraft | undefined {
  const target = place.index.nodes.get(hop.to);
  const spanId = target ? producerSpan(place.index, node, hop, target) : undefined;
  return spanId === undefined ? undefined : place.spanDrafts.get(spanId);
}

function placeLooseSpans(place: Placement): void {
  const loose = [...place.index.spans.values()].filter((span) => !place.spanDrafts.has(span.spanId));
  for (const span of loose) place.spanDrafts.set(span.spanId, newDraft(place, spanRow(place.index, span)));
  for (const span of loose) {
    const draft = place.spanDrafts.get(span.spanId);
    const parent = span.parentSpanId === undefined ? undefined : place.spanDrafts.get(span.parentSpanId);
    if (draft) (parent && parent !== draft ? parent.children : place.roots).push(draft);
  }
}

function placeGap(place: Placement, gap: Gap): void {
  const atMs = flowTime(place.index.flow, gap.time);
  const open = gap.kind !== "missing-parent";
  const draft = newDraft(place, {
    id: `gap:${gap.kind}:${gap.nodeId}:${gap.messageId ?? ""}`,
    kind: "missing",
    name: gap.message,
    service: "",
    tags: [],
    failed: false,
    segments: [{ kind: "open", fromMs: atMs, toMs: open ? Math.max(atMs, place.index.window.toMs) : atMs }],
    nodeId: gap.nodeId,
  });
  const known = place.drafts.get(gap.nodeId);
  const rootIndex = known ? place.roots.indexOf(known) : -1;
  if (open && known) known.children.push(draft);
  else if (known && rootIndex >= 0) place.roots[rootIndex] = { ...draft, children: [known] };
  else place.roots.push(draft);
}

function errorText(error: { type: string; message: string }): string {
  return [error.type, error.message].filter(Boolean).join(": ");
}

function newDraft(place: Placement, words: RowWords): RowDraft {
  let fromMs = Infinity;
  let toMs = -Infinity;
  for (const segment of words.segments) {
    fromMs = Math.min(fromMs, segment.fromMs);
    toMs = Math.max(toMs, segment.toMs);
  }
  // An attempt is read where it ran, not where its wait began: the wait of the second begins with the first's end.
  const orderMs = words.kind === "invocation" ? (words.segments.at(-1)?.fromMs ?? fromMs) : fromMs;
  const critical = words.nodeId !== undefined && place.critical.has(words.nodeId);
  // In place: a copy of each of ten thousand rows is felt.
  const row = Object.assign(words, { critical, depth: 0, parentIndex: -1, endIndex: 0, fromMs, toMs });
  return { row, orderMs, children: [] };
}
