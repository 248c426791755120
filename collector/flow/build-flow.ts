/** Spans in, flow out: the parent that holds the order of the steps; each step is a pure function beside it. */
import type { Flow, FlowNode, Gap, Hop, Span, Status } from "../../schema/flow.ts";
import { clockSkews, correctClocks } from "./clock-skew.ts";
import { codeNode } from "./code-node.ts";
import { copiesOf, takenAsCopies, type Chain } from "./copies.ts";
import { criticalPath } from "./critical-path.ts";
import { deliveryChains, type Delivery } from "./delivery.ts";
import { addExternalCalls } from "./external.ts";
import { ambiguousSenders, missingParents, waitingForRetry } from "./gaps.ts";
import { mendedRuns, repeatedRuns, runsOf } from "./repeated-runs.ts";
import { groupedBy } from "./grouped.ts";
import { HopList } from "./hop-list.ts";
import { addCall, addMessageHops, addUnsentDeliver, type NodeIdOf } from "./hops.ts";
import { fromMs, toMs } from "./instant.ts";
import { joinUnits, type Edge, type Graph } from "./join.ts";
import { nodeIds, repeatedIds, unitKey, type RepeatedIds } from "./node-ids.ts";
import { selectFlow, type Selection } from "./select.ts";
import { byStart, compare, endMs } from "./span-order.ts";
import { firstParts, sharedSpans } from "./shared-spans.ts";
import { flowStats } from "./stats.ts";
import { byEntry, type Unit } from "./unit.ts";
import { addUnreceived } from "./unreceived.ts";

/** Which flow is wanted, and how it is told. */
export interface BuildFlowOptions {
  /** Any trace of the flow. */
  readonly traceId: string;
  /** The bound that cut the spans, where one did. */
  readonly truncated?: Flow["truncated"];
  /** `as-sent`: clocks that contradict each other are left as they are. */
  readonly clocks?: "aligned" | "as-sent" | undefined;
}

/** A flow together with what it was made of, for filters, exports and comparisons. */
export interface BuiltFlow {
  readonly flow: Flow;
  /** The spans of the flow, by start: those that its nodes name. */
  readonly spans: readonly Span[];
  /** The same as they were recorded: no clock is corrected. */
  readonly recorded: readonly Span[];
  /** Which span led to which other one, in another process: parents, links and identities alike. */
  readonly joins: readonly { readonly from: Span; readonly to: Span }[];
  /** Span id of the origin that gives the flow its id. */
  readonly originSpanId: string;
  /** Nothing outside is known to have caused it: it begins here. */
  readonly beginsHere: boolean;
  /** Traces of what caused its origins, where it does not begin here: of the flows that it is part of. */
  readonly causeTraceIds: readonly string[];
}

/**
 * Builds the flow that the trace belongs to out of the spans of its causal closure (or more: what does not belong
 * to it is left out). The order and the number of copies of the spans do not matter.
 *
 * Returns nothing where no span of the trace is there.
 */
export function buildFlow(spans: readonly Span[], options: BuildFlowOptions): BuiltFlow | undefined {
  const graph = joinUnits(spans);
  return assembleFlow(graph, selectFlow(graph, options.traceId), options);
}

/** The flow of a selection already made. */
export function assembleFlow(graph: Graph, selection: Selection, options: BuildFlowOptions): BuiltFlow | undefined {
  const skews = options.clocks === "as-sent" ? new Map<Unit, number>() : clockSkews(graph, selection);
  if (skews.size === 0) return assembleCorrected(graph, selection, { ...options, skews: new Map() });
  const corrected = joinUnits(correctClocks(graph.index.spans, skews), graph.contentSends.crowded);
  const skewOfUnit = new Map([...skews].map(([unit, skewMs]) => [unitKey(unit), skewMs]));
  const built = assembleCorrected(corrected, selectFlow(corrected, options.traceId), { ...options, skews: skewOfUnit });
  return built && { ...built, recorded: spansOf(selection) };
}

interface CorrectedOptions extends BuildFlowOptions {
  /** By the key of the unit, milliseconds. */
  readonly skews: ReadonlyMap<string, number>;
}

function assembleCorrected(graph: Graph, selection: Selection, options: CorrectedOptions): BuiltFlow | undefined {
  const origin = flowOrigin(selection, options.traceId);
  if (origin === undefined) return undefined;
  const chains = deliveryChains(selection);
  const isCut = options.truncated !== undefined;
  const own = spansOf(selection);
  const copies = copiesOf(chains);
  const runs = runsOf(selection);
  const shared = { copies, runs, skews: options.skews, isCut, repeatedIds: repeatedIds(own) };
  const input = { graph, selection, chains, ...shared };
  const assembly = assemble(input);
  const { nodes, hops, gaps, nodeIdOf } = assembly;
  const { startTime, durationMs } = extentOf([...selection.units].flatMap((unit) => unit.spans));
  const stats = flowStats({ nodes, hops, chains, selection, spanCount: own.length, nodeIdOf });
  const roots = [...new Set(selection.origins.map(nodeIdOf))];
  const flow: Flow = {
    id: origin.entry.traceId,
    name: origin.entry.name,
    traceIds: [...new Set(own.map((span) => span.traceId))].sort(compare),
    startTime,
    durationMs,
    status: statusOf(assembly, { chains, copies, repaired: mendedRuns(runs) }),
    roots,
    nodes,
    hops,
    gaps,
    criticalPath: criticalPath({ nodes, hops, roots }),
    stats,
    ...(options.truncated && { truncated: options.truncated }),
  };
  const causes = causesOfOrigins(graph, selection);
  const joins = selection.edges.map(({ fromSpan, to }) => ({ from: fromSpan, to: to.entry }));
  return {
    flow,
    spans: own,
    recorded: own,
    joins,
    originSpanId: origin.entry.spanId,
    beginsHere: causes.length === 0,
    causeTraceIds: [...new Set(causes.map(({ from }) => from.entry.traceId))],
  };
}

interface Assembly {
  readonly nodes: FlowNode[];
  readonly hops: Hop[];
  readonly gaps: Gap[];
  readonly nodeIdOf: NodeIdOf;
}

interface AssembleInput {
  readonly graph: Graph;
  readonly selection: Selection;
  readonly chains: readonly Delivery[][];
  readonly copies: ReadonlyMap<Chain, Chain>;
  /** Those of one request, each list by time. */
  readonly runs: readonly (readonly Unit[])[];
  readonly skews: ReadonlyMap<string, number>;
  readonly isCut: boolean;
  readonly repeatedIds: RepeatedIds | undefined;
}

function assemble({ graph, selection, chains, copies, skews, isCut, ...shared }: AssembleInput): Assembly {
  const ids = nodeIds(selection);
  const nodeIdOf = shownBy(selection, ids);
  const deliveries = chains.flat();
  const hops = new HopList(deliveries.flatMap(({ destination }) => destination ?? []));
  for (const edge of selection.edges) if (edge.take === undefined) addCall(hops, edge, nodeIdOf);
  for (const chain of chains) {
    addMessageHops(hops, chain, nodeIdOf);
    for (const delivery of chain) addUnsentDeliver(hops, delivery);
  }
  const senders = [...selection.units, ...selection.shells];
  const gaps = [
    ...missingParents(graph, selection, nodeIdOf),
    ...ambiguousSenders(graph, selection, nodeIdOf),
    ...addUnreceived(hops, { units: senders, deliveries, nodeIdOf, contentSends: graph.contentSends, isCut }),
    ...waitingForRetry({ selection, chains, copies }, nodeIdOf),
  ];
  const externals = addExternalCalls(hops, { graph, units: senders, nodeIdOf });
  const runs = repeatedRuns(shared.runs);
  const byUnit = groupedBy(deliveries, ({ unit }) => unit);
  const hostSpansOf = sharedSpans(selection);
  const code = [...selection.units].map((unit) => {
    const hostSpans = hostSpansOf(unit);
    const clockSkewMs = skews.size === 0 ? undefined : skews.get(unitKey(unit));
    const id = ids.get(unit) ?? "";
    const own = { hostSpans, run: runs.get(unit), clockSkewMs };
    return codeNode({ id, unit, deliveries: byUnit.get(unit) ?? [], ...own, ...shared });
  });
  return {
    nodes: [...code, ...hops.placeNodes(), ...externals].sort(byStartThenId),
    hops: sortedHops(hops.hops()),
    gaps: gaps.sort((a, b) => compare(a.time, b.time) || compare(a.nodeId, b.nodeId) || compare(idOf(a), idOf(b))),
    nodeIdOf,
  };
}

/** An invocation whose records have nodes of their own is shown by the first of them. */
function shownBy(selection: Selection, ids: ReadonlyMap<Unit, string>): NodeIdOf {
  const first = firstParts(selection);
  return (unit) => ids.get(first.get(unit) ?? unit) ?? `inv:${unit.id}`;
}

/** The origin that gives the flow its id: one of the asked trace where there is one, a whole one, the earliest. */
function flowOrigin({ origins }: Selection, traceId: string): Unit | undefined {
  const sorted = [...origins].sort(byEntry);
  const own = sorted.filter(({ entry }) => entry.traceId === traceId);
  return own.find(({ entry }) => isEntry(entry)) ?? own[0] ?? sorted[0];
}

/** What remains below a span that was lost is an origin too, but says less of the flow. */
function isEntry({ kind, parentSpanId }: Span): boolean {
  return parentSpanId === undefined || kind === "server" || kind === "consumer";
}

function causesOfOrigins(graph: Graph, { origins, units }: Selection): Edge[] {
  const causes = origins.flatMap((origin) => [origin, ...origin.parts].flatMap((unit) => graph.causes.get(unit) ?? []));
  // Of those that cause one another it is the first.
  return causes.filter(({ from }) => !units.has(from));
}

function spansOf({ units, shells }: Selection): Span[] {
  const own = [...units, ...shells].flatMap((unit) => unit.spans);
  return own.sort(byStart);
}

function extentOf(spans: readonly Span[]): { startTime: string; durationMs: number } {
  const startTime = spans.reduce((first, span) => (span.startTime < first ? span.startTime : first), "9");
  const endedMs = spans.reduce((last, span) => Math.max(last, endMs(span)), 0);
  return { startTime: fromMs(toMs(startTime)), durationMs: Math.max(0, endedMs - toMs(startTime)) };
}

/**
 * How it came out: `error` where something failed and stayed so. An attempt that failed and was followed by one that
 * did not is in the counts, not in the outcome; moving a message to a dead-letter queue mends nothing.
 */
function statusOf({ nodes, nodeIdOf }: Assembly, { chains, copies, repaired }: Outcome): Status {
  const mended = new Set<string>();
  const unmended = new Set<string>();
  const copied = takenAsCopies(copies);
  for (const chain of chains) {
    if (!chain.some(({ failed }) => failed)) continue;
    const ended = copied.has(chain) ? new Set(chain) : mendedIn(chain);
    for (const delivery of chain) {
      if (delivery.failed) (ended.has(delivery) ? mended : unmended).add(nodeIdOf(delivery.unit));
    }
  }
  // A batch that failed is mended once all of its messages are.
  for (const id of unmended) mended.delete(id);
  for (const unit of repaired) mended.add(nodeIdOf(unit));
  const code = nodes.filter(({ spanIds }) => spanIds.length > 0);
  if (code.some(({ id, status }) => status === "error" && !mended.has(id))) return "error";
  return code.some(({ status }) => status === "ok") ? "ok" : "unset";
}

interface Outcome {
  readonly chains: readonly Chain[];
  readonly copies: ReadonlyMap<Chain, Chain>;
  /** Runs that failed and were tried again with success. */
  readonly repaired: readonly Unit[];
}

/** Failures after which an attempt succeeded: in the same queue, or in the one that its message was in before. */
function mendedIn(chain: Chain): Set<Delivery> {
  const places = new Map<string | undefined, number>();
  for (const { destination } of chain) if (!places.has(destination?.name)) places.set(destination?.name, places.size);
  const mended = new Set<Delivery>();
  let firstPlace = Infinity;
  for (const delivery of chain.toReversed()) {
    const place = places.get(delivery.destination?.name) ?? 0;
    if (!delivery.failed) firstPlace = Math.min(firstPlace, place);
    else if (firstPlace <= place) mended.add(delivery);
  }
  return mended;
}

function byStartThenId(a: FlowNode, b: FlowNode): number {
  return compare(a.startTime, b.startTime) || compare(a.id, b.id);
}

function sortedHops(hops: readonly Hop[]): Hop[] {
  const keyed = hops.map((hop) => ({ hop, time: hop.receivedTime ?? hop.sentTime ?? "", key: "" }));
  // Most hops are told apart by their time.
  const keyOf = (each: (typeof keyed)[number]) => (each.key ||= hopKey(each.hop));
  keyed.sort((a, b) => compare(a.time, b.time) || compare(keyOf(a), keyOf(b)));
  return keyed.map(({ hop }) => hop);
}

/** At one instant, in the order in which they can follow one another. */
const KIND_ORDER: readonly Hop["kind"][] = ["call", "publish", "deliver", "dead-letter", "redrive", "receive"];

function hopKey({ from, to, kind, messageId, attempt }: Hop): string {
  const order = KIND_ORDER.indexOf(kind);
  return [order, from, to, messageId ?? "", String(attempt ?? 0).padStart(6, "0")].join("\n");
}

function idOf({ messageId }: Gap): string {
  return messageId ?? "";
}
