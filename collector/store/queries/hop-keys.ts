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
  readonly asked: string;
  readonly traceId: string;
}

/** A key out of the bytes of a trace id, or out of an identity: as the view of hop_keys makes it. */
const keySql = (of: string) => `bitShiftRight(xxh3(${of}), 16)`;

/** Traces by `ref`, out of `found`: hop_keys holds their hashes, trace_index leads from these to the ids. */
const TRACES_SQL = `
(
    SELECT DISTINCT trace_id, xxHash32(trace_id) AS ref
    FROM trace_index
    WHERE xxHash32(trace_id) IN (SELECT arrayJoin(found.2))
) AS traces
INNER JOIN (SELECT hit.1 AS key, hit.2 AS ref, hit.3 AS body_start FROM (SELECT arrayJoin(found) AS hit)) AS hits
    ON traces.ref = hits.ref
INNER JOIN asked ON hits.key = asked.key`;

const SQL = `
WITH asked AS
(
    SELECT arrayJoin({linkedTraceIds:Array(String)}) AS text, ${keySql("unhex(text)")} AS key
    UNION ALL
    SELECT arrayJoin({messageKeys:Array(String)}) AS text, ${keySql("text")} AS key
),
(
    SELECT groupArray((key, trace_ref, 0))
    FROM (SELECT DISTINCT key, trace_ref FROM hop_keys WHERE key IN (SELECT key FROM asked) LIMIT {limit:UInt32})
) AS found
SELECT DISTINCT asked.text AS asked, lower(hex(traces.trace_id)) AS "traceId"
FROM ${TRACES_SQL}
LIMIT {limit:UInt32}`;

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
    answers.push(...(await store.query<KeyRow>(SQL, { ...asked, limit: limit - answers.length }, options)));
  }
  if (timedKeys) answers.push(...(await tracesOfTimedKeys(store, timedKeys, options)));
  return answers;
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
),
(
    SELECT groupArray((key, trace_ref, body_start))
    FROM
    (
        SELECT hop_keys.key AS key, trace_ref, min(hop_keys.body_start) AS body_start
        FROM hop_keys
        INNER JOIN asked ON hop_keys.key = asked.key
        WHERE hop_keys.key IN (SELECT key FROM asked) AND hop_keys.body_start BETWEEN asked.first AND asked.last
        GROUP BY asked.position, key, trace_ref
        ORDER BY body_start, trace_ref
        LIMIT {limitEach:UInt32} BY asked.position
    )
) AS found
SELECT position, lower(hex(traces.trace_id)) AS "traceId", toUnixTimestamp64Milli(min(hits.body_start)) AS "startMs"
FROM ${TRACES_SQL}
WHERE hits.body_start BETWEEN asked.first AND asked.last
GROUP BY position, traces.trace_id
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
