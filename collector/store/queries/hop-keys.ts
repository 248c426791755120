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

interface KeyRow {
  readonly key: string;
  readonly traceId: string;
}

const SQL = `
SELECT DISTINCT hex(hop_keys.key) AS key, lower(hex(hop_keys.trace_id)) AS "traceId"
FROM hop_keys
WHERE (hop_keys.key, hop_keys.kind) IN
(
    SELECT toFixedString(unhex(arrayJoin({linkedTraceIds:Array(String)})), 16), toUInt8(1)
    UNION ALL
    SELECT toFixedString(sipHash128(arrayJoin({messageKeys:Array(String)})), 16), toUInt8(2)
)
LIMIT {limit:UInt32}`;

/** An identity is stored as its hash: this gives the hashes of the asked ones, in their order. */
const HASHES_SQL = "SELECT hex(sipHash128(arrayJoin({messageKeys:Array(String)}))) AS hash";

/** For every key the traces that have it; a key that nothing has gives no answer. */
export async function tracesOfHopKeys(store: Store, keys: HopKeys): Promise<HopKeyAnswer[]> {
  const { linkedTraceIds, messageKeys, limit, signal } = keys;
  const answers: HopKeyAnswer[] = [];
  const options = { bounds: BOUNDS, ...(signal && { signal }) };
  const count = Math.max(linkedTraceIds.length, messageKeys.length);
  for (let at = 0; at < count && answers.length < limit; at += KEYS_PER_QUERY_MAX) {
    const asked = {
      linkedTraceIds: linkedTraceIds.slice(at, at + KEYS_PER_QUERY_MAX),
      messageKeys: messageKeys.slice(at, at + KEYS_PER_QUERY_MAX),
    };
    const [rows, hashes] = await Promise.all([
      store.query<KeyRow>(SQL, { ...asked, limit: limit - answers.length }, options),
      asked.messageKeys.length === 0 ? [] : store.query<{ hash: string }>(HASHES_SQL, asked, options),
    ]);
    const nameOf = new Map(asked.linkedTraceIds.map((traceId) => [traceId.toUpperCase(), traceId]));
    for (const [index, { hash }] of hashes.entries()) nameOf.set(hash, asked.messageKeys[index] ?? "");
    for (const { key, traceId } of rows) answers.push({ asked: nameOf.get(key) ?? "", traceId });
  }
  return answers;
}
