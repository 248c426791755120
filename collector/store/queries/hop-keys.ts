/** Which traces hold a message, or link to a trace: what joins traces, found by key in both directions. */
import type { QueryBounds, QueryOptions, Store } from "../store.ts";
import { within, type Reading } from "./reading.ts";

/** Keys of one statement: they travel in its URL, of which a server takes 1 MiB. */
const KEYS_PER_QUERY_MAX = 4_000;
const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 50_000_000, memoryBytes: 1024 ** 3 };

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

export interface HopKeyAnswer {
  /** The trace id, the identity, or the id of the timed key that was asked. */
  readonly asked: string;
  /** A trace that links to it, or holds it. */
  readonly traceId: string;
  /** When the first of its spans that do so began, milliseconds since the epoch; only of a timed key. */
  readonly startMs?: number;
}

interface KeyRow {
  readonly key: string;
  /** '' where the row gives the hash of an identity. */
  readonly traceId: string;
  readonly messageKey: string;
}

/** An identity is stored as its hash: rows without a trace give the hashes of the asked ones. */
const SQL = `
SELECT DISTINCT hex(hop_keys.key) AS key, lower(hex(hop_keys.trace_id)) AS "traceId", '' AS "messageKey"
FROM hop_keys
WHERE (hop_keys.key, hop_keys.kind) IN
(
    SELECT toFixedString(unhex(arrayJoin({linkedTraceIds:Array(String)})), 16), toUInt8(1)
    UNION ALL
    SELECT toFixedString(sipHash128(arrayJoin({messageKeys:Array(String)})), 16), toUInt8(2)
)
LIMIT {limit:UInt32}
UNION ALL
SELECT hex(sipHash128(text)), '', text FROM (SELECT arrayJoin({messageKeys:Array(String)}) AS text)`;

/** For every key the traces that have it; a key that nothing has gives no answer. */
export async function tracesOfHopKeys(store: Store, keys: HopKeys): Promise<HopKeyAnswer[]> {
  const { linkedTraceIds, messageKeys, timedKeys, limit } = keys;
  const answers: HopKeyAnswer[] = [];
  const options = within(BOUNDS, keys);
  const count = Math.max(linkedTraceIds.length, messageKeys.length);
  for (let at = 0; at < count && answers.length < limit; at += KEYS_PER_QUERY_MAX) {
    const asked = {
      linkedTraceIds: linkedTraceIds.slice(at, at + KEYS_PER_QUERY_MAX),
      messageKeys: messageKeys.slice(at, at + KEYS_PER_QUERY_MAX),
    };
    const rows = await store.query<KeyRow>(SQL, { ...asked, limit: limit - answers.length }, options);
    const nameOf = new Map(asked.linkedTraceIds.map((traceId) => [traceId.toUpperCase(), traceId]));
    for (const { key, traceId, messageKey } of rows) if (traceId === "") nameOf.set(key, messageKey);
    for (const { key, traceId } of rows) {
      const name = nameOf.get(key);
      if (traceId !== "" && name !== undefined) answers.push({ asked: name, traceId });
    }
  }
  if (timedKeys) answers.push(...(await tracesOfTimedKeys(store, timedKeys, options)));
  return answers;
}

const TIMED_SQL = `
WITH asked AS
(
    SELECT
        ask.1 AS position,
        toFixedString(sipHash128(ask.2), 16) AS key,
        fromUnixTimestamp64Milli(ask.3) AS first,
        fromUnixTimestamp64Milli(ask.4) AS last
    FROM (SELECT arrayJoin(arrayZip(
        arrayEnumerate({keys:Array(String)}), {keys:Array(String)}, {from:Array(Int64)}, {to:Array(Int64)})) AS ask)
)
SELECT position, lower(hex(holders.trace_id)) AS "traceId", toUnixTimestamp64Milli(min(holders.start_time)) AS "startMs"
FROM (SELECT key, trace_id, start_time FROM hop_keys WHERE kind = 2 AND key IN (SELECT key FROM asked)) AS holders
INNER JOIN asked ON holders.key = asked.key
WHERE holders.start_time BETWEEN asked.first AND asked.last
GROUP BY position, holders.trace_id
ORDER BY "startMs", "traceId"
LIMIT {limitEach:UInt32} BY position`;

interface TimedRow {
  readonly position: number;
  readonly traceId: string;
  readonly startMs: string;
}

async function tracesOfTimedKeys(
  store: Store,
  { keys, limitEach }: TimedKeys,
  options: QueryOptions,
): Promise<HopKeyAnswer[]> {
  const answers: HopKeyAnswer[] = [];
  for (let at = 0; at < keys.length; at += KEYS_PER_QUERY_MAX) {
    const asked = keys.slice(at, at + KEYS_PER_QUERY_MAX);
    const params = {
      keys: asked.map(({ key }) => key),
      from: asked.map(({ fromMs }) => fromMs),
      to: asked.map(({ toMs }) => toMs),
      limitEach,
    };
    const rows = await store.query<TimedRow>(TIMED_SQL, params, options);
    for (const { position, traceId, startMs } of rows) {
      answers.push({ asked: asked[position - 1]?.id ?? "", traceId, startMs: Number(startMs) });
    }
  }
  return answers;
}
