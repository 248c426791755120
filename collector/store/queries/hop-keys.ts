/** Which traces hold a message, or link to a trace: what joins traces, found by key in both directions. */
import type { QueryBounds, Store } from "../store.ts";

/** Keys of one statement: they travel in its URL, of which a server takes 1 MiB. */
const KEYS_PER_QUERY_MAX = 4_000;
const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 50_000_000, memoryBytes: 1024 ** 3 };

export interface HopKeys {
  /** Traces whose linking traces are wanted. */
  readonly linkedTraceIds: readonly string[];
  /** Message identities whose senders' and takers' traces are wanted. */
  readonly messageKeys: readonly string[];
  /** Answers at most. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HopKeyAnswer {
  /** The trace id or the identity that was asked. */
  readonly asked: string;
  /** A trace that links to it, or holds it. */
  readonly traceId: string;
}

const SQL = `
SELECT DISTINCT asked, lower(hex(trace_id)) AS "traceId"
FROM hop_keys
INNER JOIN
(
    SELECT arrayJoin({linkedTraceIds:Array(String)}) AS asked, toFixedString(unhex(asked), 16) AS key, toUInt8(1) AS kind
    UNION ALL
    SELECT arrayJoin({messageKeys:Array(String)}) AS asked, toFixedString(sipHash128(asked), 16) AS key, toUInt8(2) AS kind
) AS wanted USING (key, kind)
WHERE hop_keys.key IN
(
    SELECT toFixedString(unhex(arrayJoin({linkedTraceIds:Array(String)})), 16)
    UNION ALL
    SELECT toFixedString(sipHash128(arrayJoin({messageKeys:Array(String)})), 16)
)
LIMIT {limit:UInt32}`;

/** For every key the traces that have it; a key that nothing has gives no answer. */
export async function tracesOfHopKeys(store: Store, keys: HopKeys): Promise<HopKeyAnswer[]> {
  const { linkedTraceIds, messageKeys, limit, signal } = keys;
  const answers: HopKeyAnswer[] = [];
  const count = Math.max(linkedTraceIds.length, messageKeys.length);
  for (let at = 0; at < count && answers.length < limit; at += KEYS_PER_QUERY_MAX) {
    const params = {
      linkedTraceIds: linkedTraceIds.slice(at, at + KEYS_PER_QUERY_MAX),
      messageKeys: messageKeys.slice(at, at + KEYS_PER_QUERY_MAX),
      limit: limit - answers.length,
    };
    answers.push(...(await store.query<HopKeyAnswer>(SQL, params, { bounds: BOUNDS, ...(signal && { signal }) })));
  }
  return answers;
}
