import type { Gap, Hop } from "@hopscope/schema/flow";
import type { OutlineNode } from "@hopscope/schema/flow-outline";
import { flowTime, isCode, type FlowIndex } from "./flow-index.ts";
import { brokerHops, producerSpan } from "./hop-parents.ts";
import type { Row } from "./row.ts";
import { brokerWords, codeWords, type RowWords } from "./row-words.ts";

/** A row that is more than a span's, with what is below it. */
export interface RowDraft {
  /** Its place in the order is still to be filled in. */
  row: Row;
  /** By which siblings are ordered, in flow time. */
  orderMs: number;
  children: RowItem[];
  /** Its children are siblings that are alike, and are not gathered again. */
  isGroup?: boolean;
}

/** A row before it is drawn. A span is its position: of ten thousand, a reader sees thirty. */
export type RowItem = RowDraft | number;

/** The rows of a flow as trees. */
export interface RowTree {
  roots: RowItem[];
  /** What is below a span, by its position. */
  below: (RowItem[] | undefined)[];
  /** The node that each span is drawn in, by its position. */
  owner: (OutlineNode | undefined)[];
  /** Invocations and requests by the position of their entry span, which is not drawn apart. */
  entries: ReadonlyMap<number, RowDraft>;
}

interface Placement {
  index: FlowIndex;
  critical: Set<string>;
  roots: RowItem[];
  below: RowTree["below"];
  owner: RowTree["owner"];
  entries: Map<number, RowDraft>;
  /** By node id; of queues that several messages passed, the first. */
  drafts: Map<string, RowDraft>;
  /** Hops out of a queue or topic by the hop that brought their message in. */
  onward: Map<Hop, Hop[]>;
  /** A hop is placed once: queues and their dead-letter queues can form a ring. */
  placedHops: Set<Hop>;
  /** Nodes and hops still to be placed below a draft; a queue, because flows can be deep. */
  todo: (() => void)[];
}

/** Returns the flow as trees of rows: code, what it sent, where that waited, and who took it. */
export function growRowTree(index: FlowIndex): RowTree {
  const place: Placement = {
    index,
    critical: new Set(index.flow.criticalPath),
    roots: [],
    below: new Array<RowItem[] | undefined>(index.spans.count),
    owner: new Array<OutlineNode | undefined>(index.spans.count),
    entries: new Map(),
    drafts: new Map(),
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
    // The list grows while it is walked.
    for (const next of place.todo) next();
    place.todo.length = 0;
  }
  placeLooseSpans(place);
  for (const gap of index.flow.gaps) placeGap(place, gap);
  return place;
}

/** A database or third party stands in the graph; in the waterfall the client spans stand for it. */
function isOnlyCalled(index: FlowIndex, node: OutlineNode): boolean {
  const hops = index.hopsTo.get(node.id) ?? [];
  return !isCode(node) && hops.length > 0 && hops.every((hop) => hop.kind === "call") && !index.hopsFrom.has(node.id);
}

function placeRoot(place: Placement, node: OutlineNode): void {
  const draft = isCode(node) ? codeDraft(place, node) : brokerDraft(place, node, undefined, `${node.id}@`);
  place.roots.push(draft);
}

function childrenOf(place: Placement, item: RowItem): RowItem[] {
  return typeof item === "number" ? (place.below[item] ??= []) : item.children;
}

function codeDraft(place: Placement, node: OutlineNode): RowDraft {
  const { index } = place;
  const draft = newDraft(place, codeWords(index, node));
  const [entry] = node.spans;
  place.drafts.set(node.id, draft);
  if (entry !== undefined) {
    place.entries.set(entry, draft);
    place.owner[entry] = node;
  }
  placeSpans(place, node, draft);
  place.todo.push(() => {
    for (const hop of index.hopsFrom.get(node.id) ?? []) placeHop(place, hop, senderOf(place, node, hop) ?? draft);
  });
  return draft;
}

/** Puts what the code did below it: a span of a batch that is in several nodes, into the first. */
function placeSpans(place: Placement, node: OutlineNode, draft: RowDraft): void {
  const { owner } = place;
  const { parent } = place.index.spans;
  const own = node.spans.filter((at, nth) => nth > 0 && owner[at] === undefined);
  for (const at of own) owner[at] = node;
  for (const at of own) {
    const above = parent[at] ?? -1;
    const isInside = above >= 0 && above !== at && owner[above] === node;
    childrenOf(place, isInside ? (place.entries.get(above) ?? above) : draft).push(at);
  }
}

function placeHop(place: Placement, hop: Hop, parent: RowItem): void {
  const { index } = place;
  const node = index.nodes.get(hop.to);
  if (!node || place.placedHops.has(hop) || isPeer(node, hop)) return;
  place.placedHops.add(hop);
  const parentId = typeof parent === "number" ? index.spans.id(parent) : parent.row.id;
  const siblings = childrenOf(place, parent);
  if (!isCode(node)) {
    siblings.push(brokerDraft(place, node, hop, `${node.id}@${hop.messageId ?? parentId}`));
    return;
  }
  const known = place.drafts.get(node.id);
  siblings.push(known ? referenceDraft(place, known, parentId) : codeDraft(place, node));
}

/** A peer that sent no spans: the client span that called it is its row. */
function isPeer(node: OutlineNode, hop: Hop): boolean {
  return hop.kind === "call" && !isCode(node);
}

function brokerDraft(place: Placement, node: OutlineNode, arrived: Hop | undefined, id: string): RowDraft {
  const { index } = place;
  const onward = arrived ? (place.onward.get(arrived) ?? []) : (index.hopsFrom.get(node.id) ?? []);
  const receives = onward.filter((hop) => hop.kind === "receive");
  const taken = receives.flatMap((hop) => index.deliveriesTo.get(hop.to)?.filter((item) => item.hop === hop) ?? []);
  const draft = newDraft(place, brokerWords(index, node, { id, arrived, taken }));
  if (!place.drafts.has(node.id)) place.drafts.set(node.id, draft);
  place.todo.push(() => {
    for (const hop of onward) placeHop(place, hop, draft);
  });
  return draft;
}

function referenceDraft(place: Placement, known: RowDraft, parentId: string): RowDraft {
  const { row } = known;
  return newDraft(place, {
    id: `${row.id}@${parentId}`,
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

function senderOf(place: Placement, node: OutlineNode, hop: Hop): RowItem | undefined {
  const target = place.index.nodes.get(hop.to);
  const at = target ? producerSpan(place.index, node, hop, target) : undefined;
  return at === undefined ? undefined : (place.entries.get(at) ?? at);
}

function placeLooseSpans(place: Placement): void {
  const { spans } = place.index;
  for (let at = 0; at < spans.count; at += 1) {
    if (place.owner[at] !== undefined || place.entries.has(at)) continue;
    const above = spans.parent[at] ?? -1;
    const isBelow = above >= 0 && above !== at;
    (isBelow ? childrenOf(place, place.entries.get(above) ?? above) : place.roots).push(at);
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

function newDraft(place: Placement, words: RowWords): RowDraft {
  const row = placedRow(words, words.nodeId !== undefined && place.critical.has(words.nodeId));
  // An attempt is read where it ran, not where its wait began: the wait of the second begins with the first's end.
  const orderMs = words.kind === "invocation" ? (words.segments.at(-1)?.fromMs ?? row.fromMs) : row.fromMs;
  return { row, orderMs, children: [] };
}

/** Returns a row with its extent; its place in the order is still to be filled in. */
export function placedRow(words: RowWords, critical = false): Row {
  let fromMs = Infinity;
  let toMs = -Infinity;
  for (const segment of words.segments) {
    fromMs = Math.min(fromMs, segment.fromMs);
    toMs = Math.max(toMs, segment.toMs);
  }
  return { ...words, critical, depth: 0, parentIndex: -1, endIndex: 0, fromMs, toMs };
}
