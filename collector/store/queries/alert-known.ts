/** What had an invocation lately: rules about silence look for what no longer has. */
import type { Store } from "../store.ts";
import { levelColumns, rollupOf, SAMPLE_BOUNDS, scopeCondition, type RollupQuery } from "./alert-rollup.ts";

/** What an evaluation newly knows of something that was invoked. */
export interface HeardRow {
  readonly tick: number;
  readonly service?: string;
  readonly function?: string;
  /** The newest minute with an invocation, seconds since the epoch. */
  readonly minuteS: number;
}

/**
 * What had an invocation from `fromS` on, by the evaluation at which it became known: when its minute was over and had
 * arrived, though at the earliest at `firstS`. Only what became known after `sinceS` and until `lastS` is read.
 */
export async function queryHeard(
  store: Store,
  query: RollupQuery,
  { fromS, sinceS, firstS, lastS }: { fromS: number; sinceS: number; firstS: number; lastS: number },
): Promise<HeardRow[]> {
  const params: Record<string, unknown> = { lo: fromS, hi: lastS, since: sinceS, first: firstS };
  return store.query<HeardRow>(
    `SELECT greatest(knownAt, {first:UInt32}) AS tick, ${levelColumns(query.level).join(", ")},
       toUInt32(max(minute)) AS minuteS
     FROM (SELECT *, greatest(toUInt32(seen_at), toUInt32(minute) + 60) AS knownAt FROM ${rollupOf(query, params)} AS rollup
           WHERE minute >= toDateTime({lo:UInt32}) AND minute < toDateTime({hi:UInt32})
             AND knownAt > {since:UInt32} AND knownAt <= {hi:UInt32} ${scopeCondition(query.scope, params)})
     GROUP BY ${["tick", ...query.level].join(", ")}`,
    params,
    SAMPLE_BOUNDS,
  );
}
