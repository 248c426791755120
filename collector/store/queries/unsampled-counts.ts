/** Invocations that no span tells of: counts, each row once whatever is sent again. */
import type { QueryBounds, Store } from "../store.ts";

/** Counts of one request for one minute and function. */
export interface UnsampledCounts {
  /** Identifies the request by its content: 32 hex digits. */
  readonly request: string;
  /** Start of the minute, seconds since the epoch. */
  readonly minute: number;
  readonly service_name: string;
  /** '' where the resource names none: then it is the service's. */
  readonly faas_name: string;
  readonly invocations: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly cold_starts: number;
}

const BOUNDS: QueryBounds = { timeS: 5, rowsRead: 50_000_000 };

/**
 * The server gathers what several collectors send, and answers when it is stored. It waits but shortly for more:
 * the function that sent the counts waits for the answer.
 */
const INSERT = `INSERT INTO unsampled_counts
(request, minute, service_name, faas_name, invocations, errors, timeouts, cold_starts)
SETTINGS async_insert = 1, wait_for_async_insert = 1,
  async_insert_busy_timeout_min_ms = 5, async_insert_busy_timeout_max_ms = 50
FORMAT JSONEachRow
`;

/** Stores the rows and lets the rollups count them; done when both are. */
export async function insertUnsampledCounts(store: Store, rows: readonly UnsampledCounts[]): Promise<void> {
  if (rows.length === 0) return;
  // The rows are data behind the statement and no part of it.
  await store.command(INSERT + rows.map((row) => JSON.stringify(row)).join("\n"));
}

/** Which of the requests are stored already. */
export async function storedRequests(store: Store, requests: readonly string[]): Promise<Set<string>> {
  const rows = await store.query<{ request: string }>(
    `SELECT DISTINCT toString(unsampled_counts.request) AS request FROM unsampled_counts
     WHERE unsampled_counts.request IN (SELECT toFixedString(arrayJoin({requests:Array(String)}), 32))`,
    { requests },
    { bounds: BOUNDS },
  );
  return new Set(rows.map(({ request }) => request));
}
