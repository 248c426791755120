/**
 * What rules would have told over a stored range: the live engine's own steps over the live engine's own samples,
 * each taken as of its evaluation.
 */
import type { Store } from "../../store/store.ts";
import { EVALUATION_INTERVAL_MS, MINUTE_MS } from "../engine/limits.ts";
import type { Notification, RuleState, Transition } from "../engine/types.ts";
import { isWorse } from "../engine/compare.ts";
import type { CompiledRule, Inhibition, Silence } from "../rules/compiled.ts";
import { Known } from "../sample/known.ts";
import { EVALUATION_DELAY_MS, takeSamples } from "../sample/sampler.ts";
import { DependencyReader } from "../upstream/load.ts";
import type { KnownRule } from "./evaluate-all.ts";
import { evaluateExplained } from "./evaluate-explained.ts";

/** Evaluations sampled by one query. */
const CHUNK = 60;
/** Longest range of one backtest, milliseconds. */
export const BACKTEST_RANGE_MAX_MS = 31 * 24 * 3_600_000;

/** One evaluation: the worst value, and how many series fired. */
export interface BacktestPoint {
  readonly atMs: number;
  /** Worst value of all series of all rules; null where there was none. */
  readonly value: number | null;
  readonly firing: number;
}

/** Everything that the rules would have done, in the order of time. */
export interface Backtest {
  readonly points: readonly BacktestPoint[];
  readonly transitions: readonly Transition[];
  readonly notifications: readonly { readonly rule: KnownRule; readonly notification: Notification }[];
  /** Why rules could not be evaluated at the end of the range; '' where all could. */
  readonly error: string;
}

/** The range, milliseconds since the epoch, and what would have kept alerts from being told. */
export interface BacktestOptions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly silences?: readonly Silence[];
  readonly inhibitions?: readonly Inhibition[];
  readonly signal?: AbortSignal;
}

/** Evaluates every minute of a range, beginning with no state at `fromMs`. @throws what `signal` aborts with */
export async function backtest(
  store: Store,
  rules: readonly CompiledRule[],
  options: BacktestOptions,
): Promise<Backtest> {
  const { silences = [], inhibitions = [], signal } = options;
  const firstMs = Math.ceil(options.fromMs / MINUTE_MS) * MINUTE_MS;
  const lastMs = Math.floor(options.toMs / MINUTE_MS) * MINUTE_MS;
  const states = new Map<string, RuleState>();
  const dependencies = new DependencyReader(store);
  const known = new Known(store);
  const points: BacktestPoint[] = [];
  const transitions: Transition[] = [];
  const notifications: { rule: KnownRule; notification: Notification }[] = [];
  for (let chunkMs = firstMs; chunkMs <= lastMs; chunkMs += CHUNK * EVALUATION_INTERVAL_MS) {
    signal?.throwIfAborted();
    const ticks: number[] = [];
    for (let n = 0; n < CHUNK; n++) {
      const atMs = chunkMs + n * EVALUATION_INTERVAL_MS;
      if (atMs <= lastMs) ticks.push(atMs);
    }
    const samples = await takeSamples(store, rules, ticks, known);
    for (const atMs of ticks) {
      const nowMs = atMs + EVALUATION_DELAY_MS;
      const taken = samples.get(atMs) ?? new Map();
      const situation = { rules, states, known: new Map(), samples: taken, silences, inhibitions, atMs, nowMs };
      const { outcome } = await evaluateExplained(situation, dependencies);
      for (const [id, state] of outcome.states) if (state !== null) states.set(id, state);
      points.push(pointOf(rules, states, atMs));
      transitions.push(...outcome.transitions);
      notifications.push(...outcome.notifications);
    }
  }
  const error = [...states.values()].map(({ health }) => health.error).find((text) => text !== "") ?? "";
  return { points, transitions, notifications, error };
}

function pointOf(
  rules: readonly CompiledRule[],
  states: ReadonlyMap<string, RuleState>,
  atMs: number,
): BacktestPoint {
  let value: number | null = null;
  let firing = 0;
  for (const { rule } of rules) {
    const last = states.get(rule.id)?.last;
    firing += last?.firing ?? 0;
    const worst = last?.worst?.value;
    if (worst !== undefined && (value === null || isWorse(rule.comparison, worst, value))) value = worst;
  }
  return { atMs, value, firing };
}
