/**
 * What alert rules read: rollups over the window of each of several evaluations, in one query.
 *
 * An evaluation at minute `t` reads rows with `seen_at <= t`, and for each service the window that ends its arrival
 * lag earlier. Both are stored facts, so the same question has the same answer whenever it is asked.
 */
import type { Store } from "../store.ts";
import { functionRollup, queueRollup } from "./alert-span-rollups.ts";

/** Queries of one sample: bounded, because a rule must never take the store from the readers. */
const SAMPLE_TIME_S = 20;
const SAMPLE_MEMORY_BYTES = 2 * 1024 ** 3;
/** How far back rows that arrive late are looked for. */
const LATE_LOOKBACK_S = 24 * 3600;

/** A service's lag at an evaluation: whole minutes by which its data comes late. */
export type Lags = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** What a sample covers and how it is grouped. */
export interface WindowQuery {
  readonly source: "function" | "queue";
  /** Length of the window, seconds. */
  readonly windowS: number;
  /** A second range: `before` the window (a baseline), or the newest part `within` it; 0 seconds for none. */
  readonly second: { readonly kind: "before" | "within"; readonly lengthS: number };
  /** The newest minute counts although it is not over, and no lag is waited for. */
  readonly monotone: boolean;
  readonly level: readonly ("service" | "function" | "queue")[];
  /** `*` patterns; only for a level that merges what a scope would tell apart. */
  readonly scope: {
    readonly service?: string | undefined;
    readonly function?: string | undefined;
    readonly queue?: string | undefined;
  };
  /** Which quantiles are wanted: merging their states is most of the work. */
  readonly quantiles: readonly ("duration" | "init" | "wait")[];
  /** Reads spans that have these attributes in place of the rollup. */
  readonly attributes: Readonly<Record<string, string>>;
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

/**
 * Rows of every evaluation in `ticksS` (seconds since the epoch, whole minutes, ascending). With `seenAtS` the ticks
 * are ends of windows alone, and all of them are taken as of that one evaluation.
 */
export async function queryWindows(
  store: Store,
  query: WindowQuery,
  ticksS: readonly number[],
  lags: Lags,
  seenAtS?: number,
): Promise<WindowRow[]> {
  const firstS = ticksS[0];
  const lastS = ticksS.at(-1);
  if (firstS === undefined || lastS === undefined) return [];
  const lagged = query.monotone
    ? []
    : [...lags].flatMap(([tick, byService]) =>
        [...byService].map(([service, minutes]) => ({ key: `${tick}@${service}`, lagS: minutes * 60 })),
      );
  const lagMaxS = lagged.reduce((most, { lagS }) => Math.max(most, lagS), 0);
  const beforeS = query.second.kind === "before" ? query.second.lengthS : 0;
  const params: Record<string, unknown> = {
    ticks: ticksS,
    lo: firstS - lagMaxS - query.windowS - beforeS,
    hi: lastS + (query.monotone ? 60 : 0),
    window: query.windowS,
    reach: query.windowS + beforeS,
    furthest: query.windowS + beforeS + lagMaxS,
    secondFrom: query.second.kind === "before" ? query.windowS + beforeS : query.second.lengthS,
    secondTo: query.second.kind === "before" ? query.windowS : 0,
    lagKeys: lagged.map(({ key }) => key),
    lagValues: lagged.map(({ lagS }) => lagS),
    seenAt: seenAtS ?? 0,
  };
  const end = query.monotone
    ? "(tick + 60)"
    : lagged.length === 0
      ? "tick"
      : "(tick - transform(concat(toString(tick), '@', service_name), {lagKeys:Array(String)}, {lagValues:Array(UInt32)}, 0))";
  const sql = `
    SELECT
      tick,
      ${query.level
        .map((column) => `${LEVEL_COLUMNS[column]} AS ${column}`)
        .concat(columns(query))
        .join(",\n      ")}
    FROM
    (
      SELECT *, tick, toInt64(toUInt32(minute)) AS at, ${end} - at AS age
      FROM ${tableOf(query, params)} AS rollup
      ARRAY JOIN arrayFilter(
        t -> t > toUInt32(minute) - ${query.monotone ? 60 : 0} AND t <= toUInt32(minute) + {furthest:UInt32},
        {ticks:Array(UInt32)}
      ) AS tick
      WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32}) AND toUInt32(seen_at) <= ${seenAtS === undefined ? "tick" : "{seenAt:UInt32}"}
        ${scopeCondition(query.scope, params)}
    )
    WHERE age > 0 AND age <= {reach:UInt32}
    GROUP BY ${["tick", ...query.level].join(", ")}`;
  const rows = await store.query<Record<string, unknown>>(sql, params, {
    bounds: { timeS: SAMPLE_TIME_S, memoryBytes: SAMPLE_MEMORY_BYTES },
  });
  return rows.map(reviveRow);
}

/** How far back a rule about silence looks for something that used to speak, seconds. */
const KNOWN_FOR_S = 24 * 3600;

/** What had an invocation in the day before each evaluation, as it saw it: empty rows, with 1 in the second range. */
export async function queryKnown(
  store: Store,
  query: Pick<WindowQuery, "source" | "level" | "scope" | "attributes">,
  ticksS: readonly number[],
): Promise<WindowRow[]> {
  const firstS = ticksS[0];
  const lastS = ticksS.at(-1);
  if (firstS === undefined || lastS === undefined) return [];
  const params: Record<string, unknown> = { ticks: ticksS, lo: firstS - KNOWN_FOR_S, hi: lastS };
  const level = query.level.map((column) => `${LEVEL_COLUMNS[column]} AS ${column}`);
  const isOne = ticksS.length === 1;
  const rows = await store.query<Record<string, unknown>>(
    `SELECT ${[isOne ? "{hi:UInt32} AS tick" : "tick", ...level].join(", ")}, 1 AS volumeSecond
     FROM ${tableOf(query, params)} AS rollup
     ${isOne ? "" : `ARRAY JOIN arrayFilter(t -> t > toUInt32(minute) AND t <= toUInt32(minute) + ${KNOWN_FOR_S}, {ticks:Array(UInt32)}) AS tick`}
     WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32}) AND toUInt32(seen_at) <= tick
       ${scopeCondition(query.scope, params)}
     GROUP BY ${["tick", ...query.level].join(", ")}`,
    params,
    { bounds: { timeS: SAMPLE_TIME_S, memoryBytes: SAMPLE_MEMORY_BYTES } },
  );
  return rows.map(reviveRow);
}

const LEVEL_COLUMNS = { service: "service_name", function: "faas_name", queue: "queue" } as const;
const IN_WINDOW = "age <= {window:UInt32}";
const IN_SECOND = "age <= {secondFrom:UInt32} AND age > {secondTo:UInt32}";

function columns({ source, quantiles }: WindowQuery): string[] {
  const volume = source === "function" ? "invocations" : "messages";
  const errors = source === "function" ? "errors" : "failures";
  const shared = [
    `sumIf(${volume}, ${IN_WINDOW}) AS volume`,
    `sumIf(${volume}, ${IN_SECOND}) AS volumeSecond`,
    `sumIf(${errors}, ${IN_WINDOW}) AS errorsInWindow`,
    `sumIf(${errors}, ${IN_SECOND}) AS errorsSecond`,
  ];
  if (source === "queue") {
    return [
      ...shared,
      `sumIf(dead_letters, ${IN_WINDOW}) AS deadLetters`,
      `maxIf(attempts_max, ${IN_WINDOW}) AS attemptsMax`,
      `sumIf(waits, ${IN_WINDOW}) AS waitCount`,
      ...(quantiles.includes("wait")
        ? [`quantilesTDigestIfMergeIf(0.5, 0.95, 0.99)(wait_ms, ${IN_WINDOW}) AS waitMs`]
        : []),
    ];
  }
  return [
    ...shared,
    `sumIf(timeouts, ${IN_WINDOW}) AS timeoutsInWindow`,
    `sumIf(cold_starts, ${IN_WINDOW}) AS coldStarts`,
    `maxIf(memory_used_max, ${IN_WINDOW}) AS memoryUsedMax`,
    `maxIf(memory_limit_max, ${IN_WINDOW}) AS memoryLimitMax`,
    `sumIf(gb_seconds, ${IN_WINDOW}) AS gbSeconds`,
    ...(quantiles.includes("duration")
      ? [`quantilesTDigestMergeIf(0.5, 0.95, 0.99)(duration_ms, ${IN_WINDOW}) AS durationMs`]
      : []),
    ...(quantiles.includes("init") ? [`quantilesTDigestIfMergeIf(0.5, 0.95)(init_ms, ${IN_WINDOW}) AS initMs`] : []),
  ];
}

/** The rollup, or the same columns made from the spans that have the attributes. */
function tableOf(
  { source, attributes }: Pick<WindowQuery, "source" | "attributes">,
  params: Record<string, unknown>,
): string {
  if (Object.keys(attributes).length === 0) return source === "function" ? "alert_minutes" : "queue_minutes";
  return (source === "function" ? functionRollup : queueRollup)(attributes, params);
}

function scopeCondition(scope: WindowQuery["scope"], params: Record<string, unknown>): string {
  return (["service", "function", "queue"] as const)
    .flatMap((name) => {
      const pattern = scope[name];
      if (pattern === undefined) return [];
      params[`scope_${name}`] = likeText(pattern).replaceAll("*", "%");
      return [`AND ${LEVEL_COLUMNS[name]} LIKE {scope_${name}:String}`];
    })
    .join("\n        ");
}

function likeText(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}

/** Written out, since thousands of rows are made in one evaluation. */
function reviveRow(row: Record<string, unknown>): WindowRow {
  const revived: { -readonly [Name in keyof WindowRow]: WindowRow[Name] } = {
    tick: numberOf(row["tick"]),
    volume: numberOf(row["volume"]),
    volumeSecond: numberOf(row["volumeSecond"]),
    errors: numberOf(row["errorsInWindow"]),
    errorsSecond: numberOf(row["errorsSecond"]),
    timeouts: numberOf(row["timeoutsInWindow"]),
    coldStarts: numberOf(row["coldStarts"]),
    deadLetters: numberOf(row["deadLetters"]),
    attemptsMax: numberOf(row["attemptsMax"]),
    memoryUsedMax: numberOf(row["memoryUsedMax"]),
    memoryLimitMax: numberOf(row["memoryLimitMax"]),
    gbSeconds: numberOf(row["gbSeconds"]),
    waits: numberOf(row["waitCount"]),
    durationMs: numbersOf(row["durationMs"]),
    initMs: numbersOf(row["initMs"]),
    waitMs: numbersOf(row["waitMs"]),
  };
  if (typeof row["service"] === "string") revived.service = row["service"];
  if (typeof row["function"] === "string") revived.function = row["function"];
  if (typeof row["queue"] === "string") revived.queue = row["queue"];
  return revived;
}

function numberOf(value: unknown): number {
  return value === undefined ? 0 : Number(value);
}

const NO_NUMBERS: readonly number[] = [];

function numbersOf(value: unknown): readonly number[] {
  if (!Array.isArray(value)) return NO_NUMBERS;
  return value.map((one) => (one === null ? Number.NaN : Number(one)));
}

/** Longest lag that delays an evaluation, seconds: what comes later is a late window, not a reason to wait. */
const LAG_MAX_S = 15 * 60;
/** From how long a time before an evaluation its lags are measured, seconds. */
const LAG_MEASURED_S = 3600;
/** The share of a service's invocations that must have arrived for a window to be complete. */
const LAG_QUANTILE = 0.99;

/** For each evaluation, the services whose data comes late, and by how many whole minutes. */
export async function queryLags(store: Store, ticksS: readonly number[]): Promise<Lags> {
  const firstS = ticksS[0];
  const lastS = ticksS.at(-1);
  const lags = new Map<number, Map<string, number>>(ticksS.map((tick) => [tick, new Map()]));
  if (firstS === undefined || lastS === undefined) return lags;
  const rows = await store.query<{ tick: number; service: string; lag: number }>(
    `SELECT tick, service_name AS service, quantileExactWeighted(${LAG_QUANTILE})(lagMinutes, toUInt64(count)) AS lag
     FROM
     (
       SELECT service_name, minute, seen_at, sum(invocations) AS count,
         intDiv(greatest(toInt64(toUInt32(seen_at)) - toInt64(toUInt32(minute)) - 60, 0), 60) AS lagMinutes
       FROM alert_minutes
       WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32}) AND seen_at > toDateTime({seenLo:UInt32})
         AND seen_at <= toDateTime({hi:UInt32}) AND lagMinutes * 60 <= ${LAG_MAX_S}
       GROUP BY service_name, minute, seen_at
     )
     ARRAY JOIN arrayFilter(t -> t >= toUInt32(seen_at) AND t < toUInt32(seen_at) + ${LAG_MEASURED_S}, {ticks:Array(UInt32)}) AS tick
     GROUP BY tick, service
     HAVING lag > 0`,
    {
      ticks: ticksS,
      lo: firstS - LAG_MEASURED_S - LAG_MAX_S - 60,
      hi: lastS,
      seenLo: firstS - LAG_MEASURED_S,
    },
    { bounds: { timeS: SAMPLE_TIME_S, memoryBytes: SAMPLE_MEMORY_BYTES } },
  );
  for (const { tick, service, lag } of rows) lags.get(Number(tick))?.set(service, Number(lag));
  return lags;
}

/** Minutes, with the services, whose rows became visible at an evaluation although they had long ended. */
export async function queryLateMinutes(
  store: Store,
  source: "function" | "queue",
  ticksS: readonly number[],
): Promise<{ tick: number; minute: number; service: string }[]> {
  const firstS = ticksS[0];
  const lastS = ticksS.at(-1);
  if (firstS === undefined || lastS === undefined) return [];
  const rows = await store.query<{ tick: number; minuteS: number; service: string }>(
    `SELECT toUInt32(seen_at) AS tick, toUInt32(minute) AS minuteS, service_name AS service
     FROM ${source === "function" ? "alert_minutes" : "queue_minutes"}
     WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32})
       AND seen_at >= toDateTime({firstTick:UInt32}) AND seen_at <= toDateTime({lastTick:UInt32})
       AND seen_at > minute + 60
     GROUP BY tick, minuteS, service
     ORDER BY tick, minuteS
     LIMIT 100000`,
    { lo: firstS - LATE_LOOKBACK_S, hi: lastS, firstTick: firstS, lastTick: lastS },
    { bounds: { timeS: SAMPLE_TIME_S, memoryBytes: SAMPLE_MEMORY_BYTES } },
  );
  return rows.map(({ tick, minuteS, service }) => ({ tick: Number(tick), minute: Number(minuteS), service }));
}
