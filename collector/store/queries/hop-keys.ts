/** Which traces hold a message, or link to a trace: what joins traces, found by key in both directions. */
import type { QueryBounds, Store } from "../store.ts";
import { parameterChunks } from "./parameter-chunks.ts";
import { within, type Reading } from "./reading.ts";
import { TraceIndex } from "./trace-index.ts";
import { xxh3 } from "./xxh3.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 50_000_000, memoryBytes: 1024 ** 3 };

/** What is known of a flow, by which the rest of it is looked for. */
export interface HopKeys extends Reading {
  /** Traces whose linking traces are wanted. */
  readonly linkedTraceIds: readonly string[];
  /** Message identities whose senders' and takers' traces are wanted. */
  readonly messageKeys: readonly string[];
  /** Keys that many traces may share: only those of a time are wanted. */
  readonly timedKeys?: TimedKeys;
  /** Answers at most, those of {@link timedKeys} apart. */
  readonly limit: number;
}

/** Keys as common as a body's MD5, of which only the time tells one message from another. */
export interface TimedKeys {
  readonly keys: readonly TimedKey[];
  /** Traces of one key, at most: the earliest. */
  readonly limitEach: number;
}

/** A key whose traces are wanted in the order of time. */
export interface TimedKey {
  /** What its answers name. */
  readonly id: string;
  readonly key: string;
  /** Spans that begin in between, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One trace to which one of the keys leads. */
export interface HopKeyAnswer {
  /** The trace id, the identity, or the id of the timed key that was asked. */
  readonly asked: string;
  /** A trace that links to it, or holds it. */
  readonly traceId: string;
  /** When the first of its spans that do so began, milliseconds since the epoch; only of a timed key. */
  readonly startMs?: number;
}

/** A key out of the bytes of a trace id, or out of an identity: as the view of hop_keys makes it. */
const keySql = (of: string) => `bitShiftRight(xxh3(${of}), 16)`;

const SQL = `
SELECT DISTINCT key, trace_ref
FROM hop_keys
WHERE key IN {keys:Array(UInt64)}
LIMIT {limit:UInt32}
SETTINGS use_query_condition_cache = 0, merge_tree_coarse_index_granularity = 2`;

/** The same of these bytes: by keys as numbers, a look-up is planned in two thirds of the time. */
function keyOf(bytes: Buffer): number {
  return Number(xxh3(bytes) >> 16n);
}

/**
 * For every key the traces that have it; a key that nothing has gives no answer. `index` is that of the reader where it
 * has one: of a trace that it knows nothing is asked.
 */
export async function tracesOfHopKeys(
  store: Store,
  keys: HopKeys,
  index = new TraceIndex(store),
): Promise<HopKeyAnswer[]> {
  const { timedKeys } = keys;
  const answers: HopKeyAnswer[] = [];
  await eachRows(store, keys, async ({ ids, refs }) => {
    const before = answers.length;
    const traces = await index.tracesOf(refs, keys);
    for (const [row, ref] of refs.entries()) {
      for (const id of ids[row] ?? []) {
        for (const traceId of traces.get(ref)?.keys() ?? []) answers.push({ asked: id, traceId });
      }
    }
    return answers.length - before;
  });
  if (timedKeys) answers.push(...(await tracesOfTimedKeys(store, { timedKeys, index, reading: keys })));
  return answers;
}

/**
 * The same of those keys that lead to nothing but traces that the index knows already, which is not asked; of no key
 * where there may be more answers than are wanted.
 */
export async function tracesOfHopKeysInIndex(
  store: Store,
  keys: HopKeys,
  index: TraceIndex,
): Promise<{ readonly asked: ReadonlySet<string>; readonly answers: readonly HopKeyAnswer[] }> {
  const asked = new Set([...keys.linkedTraceIds, ...keys.messageKeys]);
  const answers: HopKeyAnswer[] = [];
  let rows = 0;
  await eachRows(store, keys, ({ ids, refs }) => {
    rows += refs.length;
    for (const [row, ref] of refs.entries()) {
      const traces = index.known(ref);
      for (const id of ids[row] ?? []) {
        if (traces === undefined) asked.delete(id);
        else for (const traceId of traces.keys()) answers.push({ asked: id, traceId });
      }
    }
    return Promise.resolve(refs.length);
  });
  if (rows >= keys.limit) return { asked: new Set(), answers: [] };
  return { asked, answers: answers.filter(({ asked: id }) => asked.has(id)) };
}

/** Hashes of traces, and beside each what was asked that leads to it. */
interface Rows {
  readonly ids: readonly (readonly string[] | undefined)[];
  readonly refs: readonly number[];
}

/** Gives `take` the rows of the keys, part by part, until it counted as many answers as are wanted. */
async function eachRows(
  store: Store,
  { linkedTraceIds, messageKeys, limit, ...reading }: HopKeys,
  take: (rows: Rows) => Promise<number>,
): Promise<void> {
  const askedOf = askedByKey(linkedTraceIds, messageKeys);
  let left = limit;
  for (const asked of parameterChunks([...askedOf.keys()], String)) {
    if (left <= 0) break;
    const blocks = await store.queryBlocks(SQL, { keys: asked, limit: left }, within(BOUNDS, reading));
    const ids = blocks.flatMap((block) => Array.from(block.numbers("key"), (key) => askedOf.get(key)));
    const refs = blocks.flatMap((block) => Array.from(block.numbers("trace_ref")));
    left -= await take({ ids, refs });
  }
}

/** By the keys of their hashes: one each, but where hashes meet. */
function askedByKey(linkedTraceIds: readonly string[], messageKeys: readonly string[]): Map<number, string[]> {
  const asked = new Map<number, string[]>();
  const add = (id: string, bytes: Buffer) => {
    const key = keyOf(bytes);
    const same = asked.get(key);
    if (same) same.push(id);
    else asked.set(key, [id]);
  };
  for (const traceId of linkedTraceIds) add(traceId, Buffer.from(traceId, "hex"));
  for (const identity of messageKeys) add(identity, Buffer.from(identity));
  return asked;
}

const TIMED_SQL = `
WITH asked AS
(
    SELECT
        ask.1 AS position,
        ${keySql("ask.2")} AS key,
        fromUnixTimestamp64Milli(ask.3) AS first,
        fromUnixTimestamp64Milli(ask.4) AS last
    FROM (SELECT arrayJoin(arrayZip(
        arrayEnumerate({keys:Array(String)}), {keys:Array(String)}, {from:Array(Int64)}, {to:Array(Int64)})) AS ask)
)
SELECT asked.position AS position, trace_ref AS ref, toUnixTimestamp64Milli(min(hop_keys.body_start)) AS "startMs"
FROM hop_keys
INNER JOIN asked ON hop_keys.key = asked.key
WHERE hop_keys.key IN (SELECT key FROM asked) AND hop_keys.body_start BETWEEN asked.first AND asked.last
GROUP BY position, ref
ORDER BY "startMs", ref
LIMIT {limitEach:UInt32} BY position`;

/** A hash of a trace that has the key, which was the n-th asked, from 1. */
interface TimedRow {
  readonly position: number;
  readonly ref: number;
  readonly startMs: string;
}

interface AskTimed {
  readonly timedKeys: TimedKeys;
  readonly index: TraceIndex;
  readonly reading: Reading;
}

async function tracesOfTimedKeys(
  store: Store,
  { timedKeys: { keys, limitEach }, index, reading }: AskTimed,
): Promise<HopKeyAnswer[]> {
  const answers: HopKeyAnswer[] = [];
  for (const asked of parameterChunks(keys, ({ key }) => key)) {
    const params = {
      keys: asked.map(({ key }) => key),
      from: asked.map(({ fromMs }) => fromMs),
      to: asked.map(({ toMs }) => toMs),
      limitEach,
    };
    const rows = await store.query<TimedRow>(TIMED_SQL, params, within(BOUNDS, reading));
    const traces = await index.tracesOf(rows.map(({ ref }) => ref), reading);
    for (const { position, ref, startMs } of rows) {
      const id = asked[position - 1]?.id ?? "";
      for (const traceId of traces.get(ref)?.keys() ?? []) {
        answers.push({ asked: id, traceId, startMs: Number(startMs) });
      }
    }
  }
  return answers;
}
