/** What the store answers for flows on their way: the spans of traces, and the traces that keys lead to. */
import type { Truncated } from "../../schema/api.ts";
import type { Span } from "../../schema/flow.ts";
import type { ContentAsk } from "../flow/content.ts";
import { CONTENT_TRACES_ASKED, ContentAnswers } from "./content-answers.ts";
import type { FlowSource, HopsOfTraces, KnownHops } from "./flow-source.ts";

/** Traces read before a flow asks for them, at most, for each one that was asked: of a wide flow it may need none. */
const AHEAD_PER_TRACE_MAX = 2;

/** How much of one flow is read: spans, traces, and rounds of asking the store. */
export interface FlowLimits {
  readonly spans: number;
  readonly traces: number;
  readonly rounds: number;
}

/** What the store has answered so far, for all flows. */
export class Answers {
  readonly spans = new Map<string, Span[]>();
  readonly tracesOfKey = new Map<string, string[]>();
  readonly contents = new ContentAnswers();
  spanCount = 0;
}

/** A flow that waits for answers. */
interface Waiting {
  readonly traces: ReadonlySet<string>;
  readonly isDone: boolean;
  truncated?: Truncated | undefined;
}

interface Asking {
  readonly readings: readonly Waiting[];
  readonly answers: Answers;
  readonly limits: FlowLimits;
  readonly signal: AbortSignal | undefined;
  readonly onCut: ((cut: Truncated) => void) | undefined;
}

/** Which spans are asked for. */
export interface LoadTraces extends Asking {
  readonly spansMax: number;
  readonly isFirst: boolean;
}

/** What is looked up beside the spans, if anything. */
export interface LookUp {
  readonly hops?: Promise<KnownHops> | undefined;
}

/** Loads the spans of all traces that flows know of. */
export async function loadTraces(source: FlowSource, asked: LoadTraces): Promise<LookUp> {
  const { readings, answers, limits, spansMax, isFirst, signal } = asked;
  const wanted = new Set<string>();
  for (const { isDone, traces } of readings) {
    if (!isDone) for (const traceId of traces) if (!answers.spans.has(traceId)) wanted.add(traceId);
  }
  if (wanted.size === 0) return {};
  const foretelling = hopsAsked({ traceIds: [...wanted], limits, signal });
  // A page has its spans read once, with what their keys lead to; a single flow's keys are looked up beside its spans.
  const isPage = readings.length > 1;
  const ahead = isPage && isFirst ? await tracesAhead(source, foretelling, answers) : [];
  for (const id of ahead) wanted.add(id);
  const links = ahead.length > 0 ? source.linksToTraces({ ...foretelling, traceIds: ahead }) : undefined;
  const limit = spansMax - answers.spanCount;
  const onCut = cutsAll(readings, asked.onCut);
  const reading = source.spansOfTraces({ traceIds: [...wanted], limit: limit + 1, signal, onCut });
  const hops = isPage ? undefined : source.hopsOfTraces(foretelling);
  // Where the spans fail, nobody waits for them.
  for (const beside of [hops, links]) beside?.catch(() => undefined);
  const spans = await reading;
  if (links) keepTracesOfKeys(answers, await links);
  for (const traceId of wanted) answers.spans.set(traceId, []);
  for (const span of spans) answers.spans.get(span.traceId)?.push(span);
  answers.spanCount += spans.length;
  if (spans.length > limit) {
    for (const each of readings) if (!each.isDone) each.truncated = { limit: "spans", value: spansMax };
  }
  return { hops };
}

/** Traces that the flows will most likely ask for, as their keys lead there; none where these are many. */
async function tracesAhead(source: FlowSource, asked: HopsOfTraces, answers: Answers): Promise<readonly string[]> {
  const hops = await source.hopsOfTraces(asked);
  keepTracesOfKeys(answers, hops);
  const found = new Set(hops.answers.map(({ traceId }) => traceId));
  for (const traceId of asked.traceIds) found.delete(traceId);
  return found.size <= asked.traceIds.length * AHEAD_PER_TRACE_MAX ? [...found] : [];
}

/** A bound of the store that was reached is one of every flow that waited for the answer. */
function cutsAll(readings: readonly Waiting[], onCut: Asking["onCut"]): (cut: Truncated) => void {
  const waiting = readings.filter(({ isDone }) => !isDone);
  return ({ limit, value }) => {
    onCut?.({ limit, value });
    for (const reading of waiting) reading.truncated ??= { limit, value };
  };
}

/** What is asked about traces before their spans are known. */
export function hopsAsked({ traceIds, limits, signal }: Omit<HopsOfTraces, "limit"> & { limits: FlowLimits }) {
  return { traceIds, limit: answersMax(limits), signal };
}

/** Answers of one look-up, at most. */
function answersMax({ traces }: FlowLimits): number {
  return traces * 4;
}

function keepTracesOfKeys({ tracesOfKey }: Answers, { asked, answers }: KnownHops): void {
  for (const key of asked) tracesOfKey.set(key, []);
  for (const { asked: key, traceId } of answers) tracesOfKey.get(key)?.push(traceId);
}

/** What flows ask for that was not answered yet. */
export interface LoadKeys extends LookUp, Asking {
  readonly keys: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  readonly contents: ReadonlyMap<string, ContentAsk>;
}

/** Looks up which traces the keys lead to. */
export async function loadKeys(source: FlowSource, wanted: LoadKeys): Promise<void> {
  const { readings, contents, answers, limits, signal } = wanted;
  const isAsked = wanted.keys.size > 0 || wanted.links.size > 0;
  if (wanted.hops && isAsked) keepTracesOfKeys(answers, await wanted.hops);
  const unanswered = (ids: ReadonlySet<string>) => [...ids].filter((id) => !answers.tracesOfKey.has(id));
  const [keys, links] = [unanswered(wanted.keys), unanswered(wanted.links)];
  if (keys.length === 0 && links.length === 0 && contents.size === 0) return;
  const limit = answersMax(limits);
  const timedKeys = { keys: [...contents.values()], limitEach: CONTENT_TRACES_ASKED };
  const onCut = cutsAll(readings, wanted.onCut);
  const asked = { linkedTraceIds: links, messageKeys: keys, timedKeys, limit, signal, onCut };
  const all = await source.tracesOfHopKeys(asked);
  const found = all.filter(({ asked: id }) => !contents.has(id));
  keepTracesOfKeys(answers, { asked: new Set([...keys, ...links]), answers: found });
  answers.contents.keep(contents, all);
  if (found.length < limit) return;
  for (const reading of readings) if (!reading.isDone) reading.truncated = { limit: "traces", value: limits.traces };
}
