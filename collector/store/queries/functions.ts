/** Functions with their totals over a time range, from the rollup. */
import type { FunctionSummary } from "../../../schema/api.ts";
import type { QueryBounds, Store } from "../store.ts";
import { atMost, within, type Reading } from "./reading.ts";
import { IN_ROLLUP_RANGE, rollupRange, type MinuteRange } from "./rollup-range.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 100_000_000, memoryBytes: 1024 ** 3 };
/** Functions of one answer: more than any account has. */
const FUNCTIONS_MAX = 5_000;

/** The minutes that are summed up. */
export interface FunctionsQuery extends Reading, MinuteRange {}

interface FunctionRow {
  readonly name: string;
  readonly service: string;
  readonly counts: readonly string[];
  readonly duration_quantiles: readonly (number | string)[];
  readonly init_quantiles: readonly (number | string | null)[];
  readonly memory_used: string;
  readonly memory_limit: string;
  readonly gb_seconds_sum: number;
}

const SQL = `
SELECT
    faas_name AS name,
    service_name AS service,
    [sum(invocations), sum(errors), sum(timeouts), sum(cold_starts)] AS counts,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_ms) AS duration_quantiles,
    quantilesTDigestIfMerge(0.5, 0.95)(init_ms) AS init_quantiles,
    max(memory_used_max) AS memory_used,
    max(memory_limit_max) AS memory_limit,
    sum(gb_seconds) AS gb_seconds_sum
FROM alert_minutes
WHERE ${IN_ROLLUP_RANGE}
GROUP BY service_name, faas_name
ORDER BY sum(invocations) DESC, faas_name, service_name
LIMIT {limit:UInt32}`;

/** Every function that ran, the busiest first. */
export async function functionTotals(
  store: Store,
  { from, to, ...reading }: FunctionsQuery,
): Promise<FunctionSummary[]> {
  const params = { ...rollupRange({ from, to }), limit: FUNCTIONS_MAX + 1 };
  const rows = await store.query<FunctionRow>(SQL, params, within(BOUNDS, reading));
  return atMost(rows, { limit: FUNCTIONS_MAX, name: "functions", onCut: reading.onCut }).map(toSummary);
}

function toSummary(row: FunctionRow): FunctionSummary {
  const [invocations = 0, errors = 0, timeouts = 0, coldStarts = 0] = row.counts.map(Number);
  // Quantiles of nothing, where no invocation was sampled, are NaN.
  const [p50 = 0, p95 = 0, p99 = 0] = row.duration_quantiles.map((quantile) => Number(quantile) || 0);
  const [init50, init95] = row.init_quantiles;
  // Quantiles of nothing are NaN, which is no number in JSON.
  const hasInit = typeof init50 === "number" && typeof init95 === "number";
  return {
    name: row.name,
    service: row.service,
    invocations,
    errors,
    timeouts,
    coldStarts,
    coldStartRate: invocations === 0 ? 0 : coldStarts / invocations,
    errorRate: invocations === 0 ? 0 : errors / invocations,
    durationMs: { p50, p95, p99 },
    initMs: hasInit ? { p50: init50, p95: init95 } : null,
    memoryUsedMax: Number(row.memory_used),
    memoryLimit: Number(row.memory_limit),
    gbSeconds: row.gb_seconds_sum,
  };
}
