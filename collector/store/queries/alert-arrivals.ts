/** When what alert rules read arrived: how late a service usually is, and which minutes came after they were judged. */
import type { Store } from "../store.ts";
import { rollupTable, SAMPLE_BOUNDS, type RollupQuery } from "./alert-rollup.ts";

/** By evaluation and service, both where there is a lag: whole minutes by which its data comes late. */
export type Lags = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** How far back rows that arrive late are looked for. */
const LATE_LOOKBACK_S = 24 * 3600;
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
    SAMPLE_BOUNDS,
  );
  for (const { tick, service, lag } of rows) lags.get(Number(tick))?.set(service, Number(lag));
  return lags;
}

/** A minute of a service, and the evaluation that first saw it, both in seconds since the epoch. */
export interface LateMinute {
  readonly tick: number;
  readonly minute: number;
  readonly service: string;
}

/** Minutes, with the services, whose rows became visible at an evaluation although they had long ended. */
export async function queryLateMinutes(
  store: Store,
  source: RollupQuery["source"],
  ticksS: readonly number[],
): Promise<LateMinute[]> {
  const firstS = ticksS[0];
  const lastS = ticksS.at(-1);
  if (firstS === undefined || lastS === undefined) return [];
  const rows = await store.query<{ tick: number; minuteS: number; service: string }>(
    `SELECT toUInt32(seen_at) AS tick, toUInt32(minute) AS minuteS, service_name AS service
     FROM ${rollupTable(source)}
     WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32})
       AND seen_at >= toDateTime({firstTick:UInt32}) AND seen_at <= toDateTime({lastTick:UInt32})
       AND seen_at > minute + 60
     GROUP BY tick, minuteS, service
     ORDER BY tick, minuteS
     LIMIT 100000`,
    { lo: firstS - LATE_LOOKBACK_S, hi: lastS, firstTick: firstS, lastTick: lastS },
    SAMPLE_BOUNDS,
  );
  return rows.map(({ tick, minuteS, service }) => ({ tick: Number(tick), minute: Number(minuteS), service }));
}
