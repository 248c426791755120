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

const SQL = `
SELECT
    toString(toUnixTimestamp64Nano(start_time)) AS "startNs",
    lower(hex(trace_id)) AS "traceId",
    lower(hex(span_id)) AS "spanId"
FROM flow_origins
WHERE start_time >= parseDateTime64BestEffort({from:String}, 9, 'UTC')
  AND start_time < parseDateTime64BestEffort({to:String}, 9, 'UTC')
  AND start_time <= fromUnixTimestamp64Nano({afterNs:Int64})
  AND (start_time, trace_id, span_id) <
    (fromUnixTimestamp64Nano({afterNs:Int64}), toFixedString(unhex({afterTrace:String}), 16), toFixedString(unhex({afterSpan:String}), 8))
ORDER BY flow_origins.start_time DESC, flow_origins.trace_id DESC, flow_origins.span_id DESC
LIMIT {limit:UInt32}`;

/** After every instant that the store holds. */
const THE_END: OriginPosition = { startNs: "9223372036854775807", traceId: "f".repeat(32), spanId: "f".repeat(16) };

/** At most `limit` origins, newest first; one trace may have several. */
export async function flowOrigins(store: Store, page: OriginPage): Promise<Origin[]> {
  const after = page.after ?? THE_END;
  return store.query<Origin>(
    SQL,
    {
      from: page.from,
      to: page.to,
      afterNs: after.startNs,
      afterTrace: after.traceId,
      afterSpan: after.spanId,
      limit: page.limit,
    },
    within(BOUNDS, page),
  );
}
