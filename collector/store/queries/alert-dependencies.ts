/**
 * Who invokes whom, for alerts about silence: from what invocations say of their caller (the wrapper's `hs` member of
 * `tracestate`), and from the map's edges where they took a message of a queue and nothing says who sent it.
 */
import { OLDER_DESTINATIONS } from "../../../schema/older-names.ts";
import type { QueryBounds, Store } from "../store.ts";
import { spanRangeSql } from "./time-range-sql.ts";

const BOUNDS: QueryBounds = { timeS: 5, memoryBytes: 1024 ** 3 };
/** Invocations that are looked at: whole hours, the newest first, until there are so many. */
const INVOCATIONS_ENOUGH = 500_000;
/** Rows of one answer; the rarest are left out. */
const ROWS_MAX = 20_000;

/** Where a message was taken from, also by what SDKs before the conventions of 2024 call it. */
const DESTINATION_SQL = `multiIf(
  messaging_destination_name != '' OR messaging_system = '', toString(messaging_destination_name),
  ${OLDER_DESTINATIONS.map((name) => `attributes_string['${name}'] != '', attributes_string['${name}']`).join(", ")},
  '')`;

/** Invocations of one function that came from the same place. */
export interface InvokedRow {
  readonly service: string;
  readonly function: string;
  /** Services that the messages or the request came from, as the wrapper wrote them: percent-encoded. */
  readonly callers: readonly string[];
  readonly system: string;
  /** Queue, topic or stream; '' for a request. */
  readonly destination: string;
  readonly invocations: number;
}

/** What one function sent to one queue, topic or stream. */
export interface PublishedRow {
  readonly service: string;
  readonly function: string;
  readonly system: string;
  readonly destination: string;
  readonly sent: number;
}

/** What was invoked and published in a range, seconds since the epoch, whole minutes. @throws StoreError */
export async function queryDependencies(
  store: Store,
  { fromS, toS }: { fromS: number; toS: number },
): Promise<{ invoked: InvokedRow[]; published: PublishedRow[] }> {
  const hours = await store.query<{ hourS: number; invocations: string }>(
    `SELECT toUInt32(toStartOfHour(minute)) AS hourS, sum(alert_minutes.invocations) AS invocations FROM alert_minutes
     WHERE step_s = 60 AND minute >= toDateTime({from:UInt32}) AND minute < toDateTime({to:UInt32})
     GROUP BY hourS ORDER BY hourS DESC`,
    { from: fromS, to: toS },
    { bounds: BOUNDS },
  );
  let seen = 0;
  const read = hours.filter(({ invocations }) => {
    const isWanted = seen < INVOCATIONS_ENOUGH;
    seen += Number(invocations);
    return isWanted;
  });
  const oldestS = read.at(-1)?.hourS;
  if (oldestS === undefined) return { invoked: [], published: [] };
  const [invoked, published] = await Promise.all([
    store.query<Omit<InvokedRow, "invocations"> & { invocations: string }>(
      `SELECT service_name AS service, if(faas_name = '', service_name, faas_name) AS function,
         arraySort(arrayDistinct(arrayFilter(name -> name != '', arrayMap(
           state -> extract(state, '(?:^|,)[ ]*hs=(?:[^,]*;)?s:([^;,]*)'),
           if(empty(\`links.trace_state\`), [trace_state], \`links.trace_state\`)
         )))) AS callers,
         messaging_system AS system, ${DESTINATION_SQL} AS destination, count() AS invocations
       FROM spans
       WHERE ${spanRangeSql("toDateTime({from:UInt32})", "toDateTime({to:UInt32})")}
         AND kind IN (2, 5) AND (faas_trigger != '' OR faas_invocation_id != '')
       GROUP BY service, function, callers, system, destination
       ORDER BY invocations DESC, service, function LIMIT ${ROWS_MAX}`,
      { from: Math.max(fromS, oldestS), to: toS },
      { bounds: BOUNDS },
    ),
    store.query<Omit<PublishedRow, "sent"> & { sent: string }>(
      `SELECT service_name AS service, faas_name AS function, peer_system AS system, peer_name AS destination,
         sum(spans) AS sent
       FROM map_minutes
       WHERE step_s = 60 AND edge_kind = 'publish'
         AND minute >= toDateTime({from:UInt32}) AND minute < toDateTime({to:UInt32})
       GROUP BY service, function, system, destination
       ORDER BY sent DESC, service, function LIMIT ${ROWS_MAX}`,
      { from: fromS, to: toS },
      { bounds: BOUNDS },
    ),
  ]);
  return {
    invoked: invoked.map((row) => ({ ...row, invocations: Number(row.invocations) })),
    published: published.map((row) => ({ ...row, sent: Number(row.sent) })),
  };
}
