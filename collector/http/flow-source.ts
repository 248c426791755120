/** What flows are read from: the store, with what its index said remembered for one request. */
import type { Span } from "../../schema/flow.ts";
import { FLOW_KEYS_PER_ROUND_MAX } from "../flow/limits.ts";
import { tracesOfHopKeys, tracesOfHopKeysInIndex, type HopKeyAnswer, type HopKeys } from "../store/queries/hop-keys.ts";
import { messageKeysOfTraces } from "../store/queries/message-keys-of-traces.ts";
import type { Reading } from "../store/queries/reading.ts";
import { spansOfTraces, type SpansOfTraces } from "../store/queries/spans-of-traces.ts";
import { TraceIndex } from "../store/queries/trace-index.ts";
import type { Store } from "../store/store.ts";

/** What a flow is read from. */
export interface FlowSource {
  spansOfTraces(asked: SpansOfTraces): Promise<readonly Span[]>;
  tracesOfHopKeys(asked: HopKeys): Promise<readonly HopKeyAnswer[]>;
  /** What is asked twice in a row is looked up once. */
  hopsOfTraces(asked: HopsOfTraces): Promise<KnownHops>;
  /** Who links to the traces, as far as the index of traces need not be asked for it: of those the answers name. */
  linksToTraces(asked: HopsOfTraces): Promise<KnownHops>;
}

/** Traces by their ids in hex, and how many answers are wanted. */
export interface HopsOfTraces extends Omit<Reading, "onCut"> {
  readonly traceIds: readonly string[];
  readonly limit: number;
}

/** What is known before the spans are, of the traces themselves and of the identities that they most often ask for. */
export interface KnownHops {
  /** Trace ids and identities that are answered, by no trace maybe. */
  readonly asked: ReadonlySet<string>;
  readonly answers: readonly HopKeyAnswer[];
}

const NOTHING_KNOWN: KnownHops = { asked: new Set(), answers: [] };

/** The store as a source of the flows of one request: what its index said of a trace is not asked again. */
export function storeSource(store: Store): FlowSource {
  const index = new TraceIndex(store);
  let last: { readonly traces: string; readonly hops: Promise<KnownHops> } | undefined;
  return {
    spansOfTraces: (asked) => spansOfTraces(store, asked, index),
    tracesOfHopKeys: (asked) => tracesOfHopKeys(store, asked, index),
    hopsOfTraces(asked) {
      const traces = [asked.limit, ...asked.traceIds].join();
      if (last?.traces !== traces) last = { traces, hops: hopsOfTraces(store, asked, index) };
      return last.hops;
    },
    linksToTraces: (asked) => linksToTraces(store, asked, index),
  };
}

/** An answer that a bound cut, or that would be too long, is none: whoever needs it asks with the spans at hand. */
async function hopsOfTraces(
  store: Store,
  { traceIds, limit, signal }: HopsOfTraces,
  index: TraceIndex,
): Promise<KnownHops> {
  let isCut = false;
  const reading = { signal, onCut: () => (isCut = true) };
  const messageKeys = await messageKeysOfTraces(store, { traceIds, limit: FLOW_KEYS_PER_ROUND_MAX, ...reading }, index);
  const asked = new Set([...traceIds, ...messageKeys]);
  if (isCut || asked.size > FLOW_KEYS_PER_ROUND_MAX) return NOTHING_KNOWN;
  const wanted = { linkedTraceIds: traceIds, messageKeys: [...messageKeys], limit, ...reading };
  const answers = await tracesOfHopKeys(store, wanted, index);
  return isCut || answers.length >= limit ? NOTHING_KNOWN : { asked, answers };
}

async function linksToTraces(
  store: Store,
  { traceIds, limit, signal }: HopsOfTraces,
  index: TraceIndex,
): Promise<KnownHops> {
  let isCut = false;
  const wanted = { linkedTraceIds: traceIds, messageKeys: [], limit, signal, onCut: () => (isCut = true) };
  const known = await tracesOfHopKeysInIndex(store, wanted, index);
  return isCut ? NOTHING_KNOWN : known;
}
