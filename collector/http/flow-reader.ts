/** Reads flows: asks the store for as long as the flows' closures ask, all of them in the same few queries. */
import { setImmediate } from "node:timers/promises";
import type { Truncated } from "../../schema/api.ts";
import { assembleFlow, type BuildFlowOptions, type BuiltFlow } from "../flow/build-flow.ts";
import { asksOf, type Ask } from "../flow/closure.ts";
import type { ContentAsk } from "../flow/content.ts";
import { joinUnits, type Graph } from "../flow/join.ts";
import { FLOW_KEYS_PER_ROUND_MAX, FLOW_ROUNDS_MAX, FLOW_SPANS_MAX, FLOW_TRACES_MAX } from "../flow/limits.ts";
import { causesOfWhole, selectFlow, tracesOfSameFlow, type Selection } from "../flow/select.ts";
import { Answers, hopsAsked, loadKeys, loadTraces, type FlowLimits } from "./flow-answers.ts";
import type { FlowSource } from "./flow-source.ts";
import { turns } from "./turns.ts";

/** Turns of the event loop after which a request has left: three when measured. */
const TURNS_OF_REQUEST = 5;
/** Spans that a page of flows reads together, at most. */
const PAGE_SPANS_MAX = 200_000;

/** Traces of a page that one trace caused and that are not read on: with more of them, its flow is a wide one. */
const LEFT_OUT_BY_ONE_MAX = 4;

const LIMITS: FlowLimits = { spans: FLOW_SPANS_MAX, traces: FLOW_TRACES_MAX, rounds: FLOW_ROUNDS_MAX };

/** Which flows are wanted, and how they are read. */
export interface ReadFlows {
  /** Any trace of each flow. */
  readonly traceIds: readonly string[];
  readonly limits?: FlowLimits;
  /** Of traces in which no flow begins no more is read than what shows it, and no flow comes out. */
  readonly isBeginningAsked?: boolean;
  /** By which clocks the flows are told; corrected ones where nothing is said. */
  readonly clocks?: BuildFlowOptions["clocks"];
  readonly signal?: AbortSignal | undefined;
  /** Told of a bound of the store that was reached: a flow that is missing then may be there. */
  readonly onCut?: ((cut: Truncated) => void) | undefined;
}

/** One flow on its way. */
interface Reading {
  readonly traceId: string;
  /** Another one of which the same flow comes out: that is read on. */
  sameAs?: Reading;
  /** Others go by it. */
  isLeader?: boolean;
  readonly traces: Set<string>;
  graph?: Graph;
  /** None where no flow begins in the first trace and only such are wanted. */
  selection?: Selection;
  /** Of the selection. */
  ask?: Ask;
  /** What came out of a selection, if nothing cuts it and nothing is added to it. */
  early?: { readonly of: Selection; readonly built: BuiltFlow | undefined };
  isDone: boolean;
  /** What the last round asked for is known: what joins the first trace's units to others, for one. */
  isAnswered: boolean;
  truncated?: BuiltFlow["flow"]["truncated"];
}

/** The flow of each trace, in the order asked; undefined for a trace of which there are no spans. */
export async function readFlows(source: FlowSource, asked: ReadFlows): Promise<(BuiltFlow | undefined)[]> {
  return assembleAll(await readToAssemble(source, asked), asked.signal);
}

/** Assembles them in their order, and lets others have their turns in between. */
export async function assembleAll(
  reads: readonly FlowRead[],
  signal: AbortSignal | undefined,
): Promise<(BuiltFlow | undefined)[]> {
  const turn = turns(signal);
  const flows: (BuiltFlow | undefined)[] = [];
  for (const { assemble } of reads) {
    flows.push(assemble());
    await turn();
  }
  return flows;
}

/** A flow that was read. */
export interface FlowRead {
  /** Whether something that nothing in the flow caused is in this trace: else its id is another trace's. */
  beginsIn(traceId: string): boolean;
  /** Undefined for a trace of which there are no spans. */
  assemble(): BuiltFlow | undefined;
  /** The traces from which the same flow would come out. */
  sameTraceIds(): ReadonlySet<string>;
}

/** Begins to read flows that are likely to be asked for next: what is found of them by then is not looked up again. */
export function readAhead(source: FlowSource, { traceIds, limits = LIMITS, signal }: ReadFlows): void {
  if (traceIds.length > 0) source.hopsOfTraces(hopsAsked({ traceIds, limits, signal })).catch(() => undefined);
}

/** The same, each assembled when it is called: assembling takes as long as reading. */
export async function readToAssemble(source: FlowSource, asked: ReadFlows): Promise<FlowRead[]> {
  const { traceIds, limits = LIMITS, isBeginningAsked = false, clocks, signal, onCut } = asked;
  if (traceIds.length === 0) return [];
  const answers = new Answers();
  const readings = traceIds.map((traceId): Reading => {
    return { traceId, traces: new Set([traceId]), isDone: false, isAnswered: false };
  });
  const spansMax = traceIds.length === 1 ? limits.spans : Math.max(limits.spans, PAGE_SPANS_MAX);
  const leftOut = new Map<string, number>();
  for (let round = 0; round < limits.rounds && readings.some(({ isDone }) => !isDone); round += 1) {
    const isFirst = round === 0;
    const { hops } = await loadTraces(source, { readings, answers, limits, spansMax, isFirst, signal, onCut });
    const keys = new Set<string>();
    const links = new Set<string>();
    const contents = new Map<string, ContentAsk>();
    const advancing: Advance = { answers, limits, isBeginningAsked, leftOut, keys, links, contents, joined: new Map() };
    await advanceAll(readings, advancing, signal);
    const asking = loadKeys(source, { hops, readings, keys, links, contents, answers, limits, signal, onCut });
    const [only] = readings;
    await Promise.all([asking, readings.length === 1 && only && assembleEarly(only, { answers, clocks })]);
    for (const reading of readings) if (!reading.isDone) follow(reading, answers, limits);
  }
  const reads = new Map<Reading, FlowRead>();
  for (const reading of readings) if (!reading.sameAs) reads.set(reading, flowRead(reading, { limits, clocks }));
  return readings.map((reading) => reads.get(leaderOf(reading)) as FlowRead);
}

function leaderOf(reading: Reading): Reading {
  let leader = reading;
  while (leader.sameAs) leader = leader.sameAs;
  return leader;
}

/** What was read, assembled once. */
function flowRead(
  reading: Reading,
  { limits, clocks }: { readonly limits: FlowLimits } & Pick<ReadFlows, "clocks">,
): FlowRead {
  const { graph, selection, traceId } = reading;
  const assemble = () => {
    if (!graph || !selection) return undefined;
    const cut = reading.isDone ? reading.truncated : { limit: "rounds", value: limits.rounds };
    if (cut === undefined && reading.early?.of === selection) return reading.early.built;
    return assembleFlow(graph, selection, { traceId, truncated: cut, clocks });
  };
  let assembled: { readonly built: BuiltFlow | undefined } | undefined;
  return {
    beginsIn: (id) => selection?.origins.some(({ entry }) => entry.traceId === id) ?? false,
    assemble: () => (assembled ??= { built: assemble() }).built,
    sameTraceIds: () => (graph && selection ? tracesOfSameFlow(graph, selection) : new Set()),
  };
}

/** Advances all that are not done; of those from which one flow comes out, only the first goes on. */
async function advanceAll(
  readings: readonly Reading[],
  advancing: Advance,
  signal: AbortSignal | undefined,
): Promise<void> {
  const turn = turns(signal);
  const leaders = new Map<string, Reading>();
  // A list has the newest first: what comes last was there before what it caused, and leads.
  for (const reading of [...readings].reverse()) {
    if (reading.isDone) continue;
    const leader = leaders.get(reading.traceId);
    if (leader) {
      reading.sameAs = leader;
      leader.isLeader = true;
      reading.isDone = true;
      continue;
    }
    advance(reading, advancing);
    const { graph, selection, traces } = reading;
    if (readings.length > 1 && traces.size > 1 && graph && selection) {
      for (const traceId of tracesOfSameFlow(graph, selection)) leaders.set(traceId, reading);
    }
    await turn();
  }
}

/** While the store looks for more of the flow: most often, all of it was in the traces that are known. */
async function assembleEarly(
  reading: Reading,
  { answers, clocks }: { readonly answers: Answers } & Pick<ReadFlows, "clocks">,
): Promise<void> {
  const { graph, selection, ask, traceId } = reading;
  if (reading.isDone || !graph || !selection || !ask) return;
  if ([...ask.traceIds].some((id) => !answers.spans.has(id))) return;
  for (let turn = 0; turn < TURNS_OF_REQUEST; turn += 1) await setImmediate();
  reading.early = { of: selection, built: assembleFlow(graph, selection, { traceId, clocks }) };
}

interface Advance {
  readonly answers: Answers;
  readonly limits: FlowLimits;
  readonly isBeginningAsked: boolean;
  /** How many were not read on because of a trace, by that trace. */
  readonly leftOut: Map<string, number>;
  /** Gathers the identities to ask for. */
  readonly keys: Set<string>;
  /** Gathers the traces to ask for that are linked to. */
  readonly links: Set<string>;
  /** Gathers the bodies to ask for. */
  readonly contents: Map<string, ContentAsk>;
  /** Graphs of this round by their traces: what several traces began with is one flow. */
  readonly joined: Map<string, Graph>;
}

/** Selects what is known of the flow, and says what it asks for that was not answered yet. */
function advance(reading: Reading, advancing: Advance): void {
  const { answers, limits, isBeginningAsked, keys, links, contents, joined } = advancing;
  const spans = [...reading.traces].flatMap((traceId) => answers.spans.get(traceId) ?? []);
  if (spans.length === 0) {
    reading.isDone = true;
    return;
  }
  const tracesKey = [...reading.traces].sort().join();
  reading.graph = joined.get(tracesKey) ?? joinUnits(spans, answers.contents.crowded);
  joined.set(tracesKey, reading.graph);
  const mayEnd = isBeginningAsked && reading.isAnswered && !reading.isLeader;
  if (mayEnd && isLeftOut(causesOfWhole(reading.graph, reading.traceId), advancing)) {
    delete reading.selection;
    reading.isDone = true;
    return;
  }
  reading.selection = selectFlow(reading.graph, reading.traceId);
  if (spans.length > limits.spans) reading.truncated ??= { limit: "spans", value: limits.spans };
  if (reading.truncated) {
    reading.isDone = true;
    return;
  }
  const ask = asksOf(reading.graph, reading.selection);
  reading.ask = ask;
  for (const key of ask.messageKeys) addUnanswered(answers, keys, key);
  for (const traceId of ask.linkedTraceIds) addUnanswered(answers, links, traceId);
  for (const [id, content] of ask.contents) {
    if (contents.size < FLOW_KEYS_PER_ROUND_MAX && !answers.contents.has(id)) contents.set(id, content);
  }
}

/** Of a flow that many of the traces are in, one is read on: then it is known of all of them at once. */
function isLeftOut(causes: ReadonlySet<string>, { leftOut }: Advance): boolean {
  if ([...causes].some((traceId) => (leftOut.get(traceId) ?? 0) >= LEFT_OUT_BY_ONE_MAX)) return false;
  for (const traceId of causes) leftOut.set(traceId, (leftOut.get(traceId) ?? 0) + 1);
  return causes.size > 0;
}

function addUnanswered(answers: Answers, wanted: Set<string>, key: string): void {
  if (wanted.size < FLOW_KEYS_PER_ROUND_MAX && !answers.tracesOfKey.has(key)) wanted.add(key);
}

/** Adds the traces that the answers lead to; a flow to which they add nothing is whole. */
function follow(reading: Reading, answers: Answers, limits: FlowLimits): void {
  const { graph, ask, traces } = reading;
  if (!graph || !ask) return;
  const before = traces.size;
  for (const traceId of tracesOf(ask, answers)) {
    if (traces.size >= limits.traces && !traces.has(traceId)) {
      reading.truncated = { limit: "traces", value: limits.traces };
      break;
    }
    traces.add(traceId);
  }
  reading.isAnswered =
    [...ask.messageKeys, ...ask.linkedTraceIds].every((key) => answers.tracesOfKey.has(key)) &&
    [...ask.contents.keys()].every((id) => answers.contents.has(id));
  if (traces.size !== before || !reading.isAnswered) return;
  // A body that turned out to be too common takes back what it joined.
  const isCurrent = graph.contentSends.crowdedCount === answers.contents.crowded.size;
  if (isCurrent) reading.isDone = true;
}

function* tracesOf(ask: Ask, answers: Answers): Generator<string> {
  yield* ask.traceIds;
  for (const key of ask.messageKeys) yield* answers.tracesOfKey.get(key) ?? [];
  for (const key of ask.linkedTraceIds) yield* answers.tracesOfKey.get(key) ?? [];
  for (const id of ask.contents.keys()) yield* answers.contents.tracesOf(id);
}
