/** How late data comes at an evaluation, and which came after it was judged. */
import { queryLags, queryLateMinutes, type Lags, type LateMinute } from "../../store/queries/alert-arrivals.ts";
import type { RollupQuery } from "../../store/queries/alert-rollup.ts";
import type { Store } from "../../store/store.ts";
import type { Plan } from "./plan.ts";

/** Late minutes looked at by one evaluation, the newest first. */
const LATE_MINUTES_MAX = 120;

/** By how much data was late, at each of the evaluations that were asked for. */
export interface Arrivals {
  readonly lags: Lags;
  /** By source and evaluation: ends of windows that were judged before all of their data had come, oldest first. */
  readonly late: ReadonlyMap<RollupQuery["source"], ReadonlyMap<number, readonly LateEnd[]>>;
}

/** The end of a window, and the services whose data for its last minute came late. */
export interface LateEnd {
  readonly endS: number;
  readonly services: ReadonlySet<string>;
}

/** What the plans need to know of arrivals at the given evaluations. @throws StoreError */
export async function lookAtArrivals(
  store: Store,
  plans: readonly Plan[],
  ticksS: readonly number[],
): Promise<Arrivals> {
  const sources = [...new Set(plans.map((plan) => plan.query.source))];
  if (sources.length === 0) return { lags: new Map(), late: new Map() };
  const [lags, ...minutes] = await Promise.all([
    queryLags(store, ticksS),
    ...sources.map((source) => queryLateMinutes(store, source, ticksS)),
  ]);
  return { lags, late: new Map(sources.map((source, n) => [source, lateEnds(minutes[n] ?? [], lags)])) };
}

function lateEnds(minutes: readonly LateMinute[], lags: Lags): Map<number, LateEnd[]> {
  const servicesOf = new Map<number, Map<number, Set<string>>>();
  for (const one of minutes) {
    if (!isLate(one, lags)) continue;
    const ends = servicesOf.get(one.tick) ?? new Map<number, Set<string>>();
    const services = ends.get(one.minute + 60) ?? new Set();
    servicesOf.set(one.tick, ends.set(one.minute + 60, services.add(one.service)));
  }
  return new Map(
    [...servicesOf].map(([tick, ends]) => {
      const oldestFirst = [...ends].sort(([a], [b]) => a - b);
      return [tick, oldestFirst.slice(-LATE_MINUTES_MAX).map(([endS, services]) => ({ endS, services }))];
    }),
  );
}

/** Whether a minute's window had been judged, by its service's lag, before the evaluation that sees the minute. */
function isLate({ tick, minute, service }: LateMinute, lags: Lags): boolean {
  return minute + 60 < tick - (lags.get(tick)?.get(service) ?? 0) * 60;
}
