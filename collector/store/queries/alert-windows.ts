/**
 * What alert rules read: sums over windows of the rollups, many windows in one query.
 *
 * An evaluation at minute `t` reads rows with `seen_at <= t`, and for each service the window that ends its arrival
 * lag earlier. Both are stored facts, so the same question has the same answer whenever it is asked.
 */
import type { Store } from "../store.ts";
import type { Lags } from "./alert-arrivals.ts";
import { levelColumns, rollupOf, SAMPLE_BOUNDS, scopeCondition, type RollupQuery } from "./alert-rollup.ts";

/** A window, what is wanted of it, and how it is grouped. */
export interface WindowQuery extends RollupQuery {
  /** Length of the window, seconds. */
  readonly windowS: number;
  /** A second range: `before` the window (a baseline), or the newest part `within` it; 0 seconds for none. */
  readonly second: { readonly kind: "before" | "within"; readonly lengthS: number };
  /** The newest minute counts although it is not over, and no lag is waited for. */
  readonly monotone: boolean;
  /** What is not among them is 0, or has no quantiles. */
  readonly columns: readonly WindowColumn[];
}

/** Sums of one window; the second range's members end in `Second`. */
export interface WindowRow {
  readonly tick: number;
  readonly service?: string;
  readonly function?: string;
  readonly queue?: string;
  readonly volume: number;
  readonly volumeSecond: number;
  readonly errors: number;
  readonly errorsSecond: number;
  readonly timeouts: number;
  readonly coldStarts: number;
  readonly deadLetters: number;
  readonly attemptsMax: number;
  readonly memoryUsedMax: number;
  readonly memoryLimitMax: number;
  readonly gbSeconds: number;
  readonly waits: number;
  /** p50, p95, p99, milliseconds. */
  readonly durationMs: readonly number[];
  /** p50, p95, milliseconds. */
  readonly initMs: readonly number[];
  readonly waitMs: readonly number[];
}

/** A sum that a query may leave out. */
export type WindowColumn = Exclude<keyof WindowRow, "tick" | RollupQuery["level"][number]>;

/** How far back from its end a window and its second range reach, seconds. */
export function reachS({ windowS, second }: Pick<WindowQuery, "windowS" | "second">): number {
  return windowS + (second.kind === "before" ? second.lengthS : 0);
}

/**
 * Rows of each query at every evaluation in `ticksS` (seconds since the epoch, whole minutes, ascending). The queries
 * must be alike in what {@link RollupQuery} says; they share one scan, as long as the furthest of them reaches. With
 * `seenAtS` the ticks are ends of windows alone, and all of them are taken as of that one evaluation.
 */
export async function queryWindows(
  store: Store,
  queries: readonly WindowQuery[],
  ticksS: readonly number[],
  lags: Lags,
  seenAtS?: number,
): Promise<WindowRow[][]> {
  const [first] = queries;
  const firstS = ticksS[0];
  const lastS = ticksS.at(-1);
  if (first === undefined || firstS === undefined || lastS === undefined) return queries.map(() => []);
  const lagged = laggedServices(queries, lags);
  const lagMaxS = lagged.reduce((most, { lagS }) => Math.max(most, lagS), 0);
  const furthestS = Math.max(...queries.map((query) => reachS(query) + (query.monotone ? 0 : lagMaxS)));
  const openS = queries.some((query) => query.monotone) ? MINUTE_S : 0;
  const isOne = ticksS.length === 1;
  const columns = new Columns(queries);
  const params: Record<string, unknown> = {
    ...(isOne ? { tick: firstS } : { ticks: ticksS, furthest: furthestS }),
    lo: firstS - furthestS,
    hi: lastS + openS,
    ...(lagged.length > 0 && { lagKeys: lagged.map(({ key }) => key), lagValues: lagged.map(({ lagS }) => lagS) }),
    ...(seenAtS !== undefined && { seenAt: seenAtS }),
  };
  const sql = `
    SELECT ${["tick", ...levelColumns(first.level), ...columns.sql].join(", ")}
    FROM
    (
      SELECT *, ${isOne ? "{tick:UInt32} AS tick" : "tick"}, toInt64(tick) - toUInt32(minute) AS sinceMinute,
        sinceMinute${lagged.length === 0 ? "" : LAG} AS age, sinceMinute + ${MINUTE_S} AS openAge
      FROM ${rollupOf(first, params)} AS rollup
      ${isOne ? "" : `ARRAY JOIN arrayFilter(t -> t > toUInt32(minute) - ${openS} AND t <= toUInt32(minute) + {furthest:UInt32}, {ticks:Array(UInt32)}) AS tick`}
      WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32})
        AND toUInt32(seen_at) <= ${seenAtS === undefined ? "tick" : "{seenAt:UInt32}"}
        ${scopeCondition(first.scope, params)}
    )
    GROUP BY ${["tick", ...first.level].join(", ")}`;
  const found: WindowRow[][] = queries.map(() => []);
  await store.query<FoundRow>(sql, params, { ...SAMPLE_BOUNDS, onRow: (row) => columns.read(row, found) });
  return found;
}

const MINUTE_S = 60;
const LAG =
  " - transform(concat(toString(tick), '@', service_name), {lagKeys:Array(String)}, {lagValues:Array(UInt32)}, 0)";

function laggedServices(queries: readonly WindowQuery[], lags: Lags): { key: string; lagS: number }[] {
  if (queries.every((query) => query.monotone)) return [];
  return [...lags].flatMap(([tick, byService]) =>
    [...byService].map(([service, minutes]) => ({ key: `${tick}@${service}`, lagS: minutes * MINUTE_S })),
  );
}

/** A row of the answer: all sums of all windows are one array, since thousands of rows are read in one evaluation. */
interface FoundRow {
  readonly tick: number;
  readonly service?: string;
  readonly function?: string;
  readonly queue?: string;
  readonly sums: readonly number[];
  /** Those of nothing are NaN, which JSON has as null. */
  readonly quantiles: readonly (readonly (number | null)[])[];
}

type QuantileColumn = "durationMs" | "initMs" | "waitMs";
type SumColumn = Exclude<WindowColumn, QuantileColumn>;

/** Where in the answer a window's values are. */
interface Window {
  /** Place of how many rows of the rollup it has. */
  readonly rowsAt: number;
  readonly sums: readonly (readonly [SumColumn, number])[];
  readonly quantiles: readonly (readonly [QuantileColumn, number])[];
}

/** The aggregates of several windows in one SELECT, those that are the same only once. */
class Columns {
  readonly sql: readonly string[];
  readonly #windows: readonly Window[];

  constructor(queries: readonly WindowQuery[]) {
    const sums: string[] = [];
    const quantiles: string[] = [];
    this.#windows = queries.map((query) => ({
      rowsAt: placeOf(sums, `toFloat64(countIf(${within(query, 0, reachS(query))}))`),
      sums: query.columns.filter(isSum).map((name) => [name, placeOf(sums, `toFloat64(${sumOf(name, query)})`)]),
      quantiles: query.columns
        .filter((name) => !isSum(name))
        .map((name) => [name, placeOf(quantiles, `arrayMap(x -> toFloat64(x), ${quantilesOf(name, query)})`)]),
    }));
    this.sql = [`[${sums.join(", ")}] AS sums`, `[${quantiles.join(", ")}] AS quantiles`];
  }

  /** Adds a row of the answer to those of each window; one in which nothing happened has none. */
  read({ tick, service, function: name, queue, sums, quantiles }: FoundRow, found: readonly WindowRow[][]): void {
    for (const [n, window] of this.#windows.entries()) {
      if (sums[window.rowsAt] === 0) continue;
      const row = emptyRow(tick);
      if (service !== undefined) row.service = service;
      if (name !== undefined) row.function = name;
      if (queue !== undefined) row.queue = queue;
      for (const [column, at] of window.sums) row[column] = sums[at] ?? 0;
      for (const [column, at] of window.quantiles) row[column] = (quantiles[at] ?? []).map((one) => one ?? Number.NaN);
      found[n]?.push(row);
    }
  }
}

/** The place of an expression among others; where it is not yet, it is added. */
function placeOf(expressions: string[], expression: string): number {
  const at = expressions.indexOf(expression);
  return at >= 0 ? at : expressions.push(expression) - 1;
}

function isSum(column: WindowColumn): column is SumColumn {
  return column !== "durationMs" && column !== "initMs" && column !== "waitMs";
}

/** Whether a row is older than `fromS` and at most as old as `toS`, counted back from the end of the window. */
function within({ monotone }: WindowQuery, fromS: number, toS: number): string {
  const age = monotone ? "openAge" : "age";
  return `${age} > ${fromS} AND ${age} <= ${toS}`;
}

function quantilesOf(column: QuantileColumn, query: WindowQuery): string {
  const window = within(query, 0, query.windowS);
  switch (column) {
    case "durationMs":
      return `quantilesTDigestMergeIf(0.5, 0.95, 0.99)(duration_ms, ${window})`;
    case "initMs":
      return `quantilesTDigestIfMergeIf(0.5, 0.95)(init_ms, ${window})`;
    case "waitMs":
      return `quantilesTDigestIfMergeIf(0.5, 0.95, 0.99)(wait_ms, ${window})`;
  }
}

function sumOf(column: SumColumn, query: WindowQuery): string {
  const isFunction = query.source === "function";
  const { windowS, second } = query;
  const window = within(query, 0, windowS);
  const other = second.kind === "before" ? within(query, windowS, reachS(query)) : within(query, 0, second.lengthS);
  switch (column) {
    case "volume":
    case "volumeSecond":
      return `sumIf(${isFunction ? "invocations" : "messages"}, ${column === "volume" ? window : other})`;
    case "errors":
    case "errorsSecond":
      return `sumIf(${isFunction ? "errors" : "failures"}, ${column === "errors" ? window : other})`;
    default:
      return `${PLAIN_COLUMNS[column]}, ${window})`;
  }
}

const PLAIN_COLUMNS: Readonly<
  Record<Exclude<SumColumn, "volume" | "volumeSecond" | "errors" | "errorsSecond">, string>
> = {
  timeouts: "sumIf(timeouts",
  coldStarts: "sumIf(cold_starts",
  deadLetters: "sumIf(dead_letters",
  attemptsMax: "maxIf(attempts_max",
  memoryUsedMax: "maxIf(memory_used_max",
  memoryLimitMax: "maxIf(memory_limit_max",
  gbSeconds: "sumIf(gb_seconds",
  waits: "sumIf(waits",
};

/** Sums of a window in which nothing happened, to be filled by who asked. */
export function emptyRow(tick: number): { -readonly [Name in keyof WindowRow]: WindowRow[Name] } {
  return {
    tick,
    volume: 0,
    volumeSecond: 0,
    errors: 0,
    errorsSecond: 0,
    timeouts: 0,
    coldStarts: 0,
    deadLetters: 0,
    attemptsMax: 0,
    memoryUsedMax: 0,
    memoryLimitMax: 0,
    gbSeconds: 0,
    waits: 0,
    durationMs: [],
    initMs: [],
    waitMs: [],
  };
}
