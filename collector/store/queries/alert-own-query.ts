/** A rule's own SELECT, bounded in time, rows and memory. */
import type { Store } from "../store.ts";

/** Series that a rule's own query may return; one more is read so that too many is seen as too many. */
const ROWS_MAX = 50_001;
const MEMORY_BYTES = 1024 ** 3;

/** A SELECT of a rule's author, and what it may cost: seconds, and rows read. */
export interface OwnQuery {
  readonly sql: string;
  readonly timeS: number;
  readonly rowsRead: number;
}

/** What the query says of one series. */
export interface OwnRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | null;
  readonly volume: number;
}

/** When a row is first seen by an evaluation, by table: other tables do not say. Hours and quarters never are. */
const SEEN_AT = {
  spans: "toStartOfMinute(toDateTime(start_time)) + toIntervalMinute(seen_after)",
  function_minutes: "seen_at",
  alert_minutes: "seen_at",
  queue_minutes: "seen_at",
} as const;
/** Where nothing is said of it, they are left out by their step. */
const MINUTES_ALONE = "'map_minutes': 'step_s = 60'";

/** A setting under which the tables have no row that arrived after an evaluation. */
function asOf(tickS: number): string {
  const filters = Object.entries(SEEN_AT).map(([table, seenAt]) => `'${table}': '${seenAt} <= toDateTime(${tickS})'`);
  return `additional_table_filters = {${[...filters, MINUTES_ALONE].join(", ")}}`;
}

/**
 * Runs the query over a window that ends at an evaluation, and on what had arrived by then; `value` is the number,
 * `volume` how much it rests on, every text column a label.
 *
 * @throws StoreError where ClickHouse refuses it; TypeError where it has no numeric column `value`
 */
export async function queryOwn(
  store: Store,
  query: OwnQuery,
  window: { fromS: number; toS: number },
): Promise<OwnRow[]> {
  const sql = `SELECT * FROM (${query.sql}) LIMIT ${ROWS_MAX} SETTINGS ${asOf(window.toS)}`;
  const params = { from: window.fromS, to: window.toS };
  const bounds = { timeS: query.timeS, rowsRead: query.rowsRead, memoryBytes: MEMORY_BYTES };
  const rows = await store.query<Record<string, unknown>>(sql, params, { bounds });
  return rows.map((row) => {
    const { value, volume, ...rest } = row;
    if (value === undefined || (value !== null && !Number.isFinite(Number(value)))) {
      throw new TypeError('the query must have a numeric column named "value"');
    }
    const labels = Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, String(one)]));
    return {
      labels,
      value: value === null ? null : Number(value),
      volume: volume === undefined ? Number.MAX_SAFE_INTEGER : Number(volume),
    };
  });
}
