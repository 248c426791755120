/** Where flows begin, newest first, a page at a time. */
import type { QueryBounds, Store } from "../store.ts";
import { within, type Reading } from "./reading.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 100_000_000, memoryBytes: 1024 ** 3 };

/** The last origin of a page; the next page begins after it. */
export interface OriginPosition {
  /** Nanoseconds since the epoch, decimal. */
  readonly startNs: string;
  readonly traceId: string;
  readonly spanId: string;
}

/** A page of a time range. */
export interface OriginPage extends Reading {
  /** ISO 8601; origins from this instant on. */
  readonly from: string;
  /** ISO 8601; origins before this instant. */
  readonly to: string;
  readonly after?: OriginPosition | undefined;
  readonly limit: number;
}

/** The span that a flow begins with, by where it stands in the list. */
export type Origin = OriginPosition;

const sqlOf = (after: string) => `
SELECT
    toString(toUnixTimestamp64Nano(start_time)) AS "startNs",
    lower(hex(trace_id)) AS "traceId",
    lower(hex(span_id)) AS "spanId"
FROM flow_origins
WHERE start_time >= parseDateTime64BestEffort({from:String}, 9, 'UTC')
  AND start_time < parseDateTime64BestEffort({to:String}, 9, 'UTC')
  ${after}
ORDER BY flow_origins.start_time DESC, flow_origins.trace_id DESC, flow_origins.span_id DESC
LIMIT {limit:UInt32}`;

const FIRST_SQL = sqlOf("");
const NEXT_SQL = sqlOf(`AND start_time <= fromUnixTimestamp64Nano({afterNs:Int64})
  AND (start_time, trace_id, span_id) <
    (fromUnixTimestamp64Nano({afterNs:Int64}), toFixedString(unhex({afterTrace:String}), 16), toFixedString(unhex({afterSpan:String}), 8))`);

/** What is looked through first: each part of the table that a longer time lies in is one more to begin to read. */
const NEWEST_MS = 30 * 60_000;

/** At most `limit` origins, newest first; one trace may have several. */
export async function flowOrigins(store: Store, page: OriginPage): Promise<Origin[]> {
  const { from, limit } = page;
  const middle = newestFrom(page);
  const newest = await originsIn(store, { ...page, from: middle });
  if (newest.length >= limit || middle === from) return newest;
  return [...newest, ...(await originsIn(store, { ...page, to: middle, limit: limit - newest.length }))];
}

/** Where what is looked through first begins, ISO 8601: `from` where that is all. */
export function newestFrom({ from, to, after }: Pick<OriginPage, "from" | "to" | "after">): string {
  const endMs = after ? Math.min(Number(BigInt(after.startNs) / 1_000_000n), Date.parse(to)) : Date.parse(to);
  const newest = new Date(endMs - NEWEST_MS);
  return newest <= new Date(from) ? from : newest.toISOString();
}

async function originsIn(store: Store, page: OriginPage): Promise<Origin[]> {
  const { from, to, after, limit } = page;
  const next = after && { afterNs: after.startNs, afterTrace: after.traceId, afterSpan: after.spanId };
  return store.query<Origin>(next ? NEXT_SQL : FIRST_SQL, { from, to, limit, ...next }, within(BOUNDS, page));
}
