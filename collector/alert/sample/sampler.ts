/** Measures all rules at one or several evaluations: the live engine asks for one, a backtest for many. */
import { queryOwn } from "../../store/queries/alert-own-query.ts";
import type { Store } from "../../store/store.ts";
import { MINUTE_MS } from "../engine/limits.ts";
import { seriesKey } from "../engine/series-key.ts";
import type { Observation } from "../engine/types.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { lookAtArrivals } from "./arrivals.ts";
import { Known } from "./known.ts";
import { planQueries, scansOf } from "./plan.ts";
import { sampleScan } from "./scan.ts";
import { Taken, type Samples } from "./taken.ts";

/**
 * Queries of one evaluation that run at a time: a busy collector comes to each answer late, so that one after the other
 * would take the sum of it. A backtest, whose queries are big, has one at a time.
 */
const QUERIES_AT_ONCE = 4;

/**
 * Takes the samples of all rules at all evaluations (ascending); a query that fails is the error of its rules alone.
 * Who asks again and again for later evaluations keeps `known`.
 */
export async function takeSamples(
  store: Store,
  rules: readonly CompiledRule[],
  ticksMs: readonly number[],
  known = new Known(store),
): Promise<Samples> {
  const taken = new Taken(ticksMs);
  const plans = planQueries(rules);
  const tasks: (() => Promise<void>)[] = [];
  await taken.attempt(
    plans.flatMap((plan) => plan.rules),
    async () => {
      const arrivals = await lookAtArrivals(store, plans, taken.ticksS);
      for (const scan of scansOf(plans)) tasks.push(() => sampleScan(store, scan, { arrivals, known }, taken));
    },
  );
  for (const rule of rules) {
    if (rule.metric.source === "query") tasks.push(() => sampleOwn(store, rule, taken));
  }
  await runAll(tasks, ticksMs.length === 1 ? QUERIES_AT_ONCE : 1);
  return taken.samples;
}

/** Runs every task, in their order, so many at a time. */
async function runAll(tasks: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const waiting = tasks.values();
  const worker = async (): Promise<void> => {
    for (const task of waiting) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function sampleOwn(store: Store, rule: CompiledRule, taken: Taken): Promise<void> {
  const { query, windowMs } = rule.metric;
  if (query === null) return;
  for (const tickS of taken.ticksS) {
    const sample = async () => {
      const rows = await queryOwn(store, query, { fromS: tickS - windowMs / 1000, toS: tickS });
      const series = rows.map(
        ({ labels, value, volume }): Observation => ({ key: seriesKey(labels), labels, value, volume }),
      );
      taken.put(rule, tickS, { windowEndMs: tickS * 1000, series });
    };
    await taken.attempt([rule], sample, [tickS]);
  }
}

/** The newest evaluation that may be made at an instant: a whole minute, a quarter of a minute and a margin ago. */
export function newestTickMs(nowMs: number): number {
  return Math.floor((nowMs - EVALUATION_DELAY_MS) / MINUTE_MS) * MINUTE_MS;
}

/**
 * How long after its nominal minute an evaluation is made: the quarter of a minute for which rows still count as
 * seen by it (`005_function_minutes.sql`), and a margin for an insert that began within it.
 */
export const EVALUATION_DELAY_MS = 18_000;
