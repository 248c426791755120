/** What functions did since an instant, as `/metrics` counts it. */
import type { QueryBounds, Store } from "../store.ts";
import { IN_ROLLUP_RANGE, rollupRange, type MinuteRange } from "./rollup-range.ts";

/** A scrape waits ten seconds by default; the rest of it must still be answered. */
const BOUNDS: QueryBounds = { timeS: 3, rowsRead: 50_000_000, memoryBytes: 512 * 1024 ** 2 };

/** Sums of one function of one service. */
export interface FunctionCounters {
  readonly service: string;
  readonly name: string;
  readonly invocations: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly coldStarts: number;
  readonly durationMsSum: number;
  readonly gbSeconds: number;
}

interface CounterRow {
  readonly service: string;
  readonly name: string;
  readonly counts: readonly string[];
  readonly sums: readonly number[];
}

const SQL = `
SELECT service_name AS service, faas_name AS name,
    [sum(invocations), sum(errors), sum(timeouts), sum(cold_starts)] AS counts,
    [sum(duration_ms_sum), sum(gb_seconds)] AS sums
FROM function_minutes
WHERE ${IN_ROLLUP_RANGE}
GROUP BY service_name, faas_name
ORDER BY service_name, faas_name
LIMIT {limit:UInt32}`;

/** Counters of at most `limit` functions over the range. */
export async function functionCounters(
  store: Store,
  { limit, ...range }: MinuteRange & { readonly limit: number },
): Promise<FunctionCounters[]> {
  const rows = await store.query<CounterRow>(SQL, { ...rollupRange(range), limit }, { bounds: BOUNDS });
  return rows.map(({ service, name, counts, sums }) => {
    const [invocations = 0, errors = 0, timeouts = 0, coldStarts = 0] = counts.map(Number);
    const [durationMsSum = 0, gbSeconds = 0] = sums;
    return { service, name, invocations, errors, timeouts, coldStarts, durationMsSum, gbSeconds };
  });
}

interface QuantileRow {
  readonly service: string;
  readonly name: string;
  readonly quantiles: readonly (number | null)[];
}

const QUANTILES_SQL = `
SELECT service_name AS service, faas_name AS name, quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_ms) AS quantiles
FROM alert_minutes
WHERE ${IN_ROLLUP_RANGE}
GROUP BY service_name, faas_name
ORDER BY service_name, faas_name
LIMIT {limit:UInt32}`;

/** p50, p95 and p99 of the durations over the range, milliseconds, of functions that ran in it. */
export async function functionQuantiles(
  store: Store,
  { limit, ...range }: MinuteRange & { readonly limit: number },
): Promise<{ service: string; name: string; quantilesMs: number[] }[]> {
  const rows = await store.query<QuantileRow>(QUANTILES_SQL, { ...rollupRange(range), limit }, { bounds: BOUNDS });
  // Of nothing they are NaN, which JSON writes as null.
  return rows.map(({ service, name, quantiles }) => {
    return { service, name, quantilesMs: quantiles.map((one) => Number(one ?? NaN)) };
  });
}
