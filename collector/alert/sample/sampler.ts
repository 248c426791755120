/** Measures all rules at one or several evaluations: the live engine asks for one, a backtest for many. */
import {
  queryKnown,
  queryLags,
  queryLateMinutes,
  queryWindows,
  type Lags,
  type WindowRow,
} from "../../store/queries/alert-samples.ts";
import { queryOwn } from "../../store/queries/alert-own-query.ts";
import type { Store } from "../../store/store.ts";
import { MINUTE_MS } from "../engine/limits.ts";
import { seriesKey } from "../engine/series-key.ts";
import type { LateWindow, Observation, Sample, SampleError } from "../engine/types.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { Observer } from "./observe.ts";
import { planQueries, type Plan } from "./plan.ts";

/** Late minutes looked at by one evaluation, the newest first. */
const LATE_MINUTES_MAX = 120;

/**
 * Queries of one evaluation that run at a time: a busy collector comes to each answer late, so that one after the other
 * would take the sum of it. A backtest, whose queries are big, has one at a time.
 */
const QUERIES_AT_ONCE = 4;

/** Samples by evaluation (milliseconds) and rule id; each has a sample or an error, never neither. */
export type Samples = ReadonlyMap<number, ReadonlyMap<string, Sample>>;

/** Takes the samples of all rules at all evaluations; a query that fails is the error of its rules alone. */
export async function takeSamples(
  store: Store,
  rules: readonly CompiledRule[],
  ticksMs: readonly number[],
): Promise<Samples> {
  const ticksS = ticksMs.map((ms) => ms / 1000);
  const samples = new Map<number, Map<string, Sample>>(ticksMs.map((ms) => [ms, new Map()]));
  const put = (rule: CompiledRule, tickS: number, sample: Omit<Sample, "atMs">): void => {
    samples.get(tickS * 1000)?.set(rule.rule.id, { atMs: tickS * 1000, ...sample });
  };
  const fail = (failed: readonly CompiledRule[], error: unknown): void => {
    for (const rule of failed) {
      for (const tickS of ticksS)
        put(rule, tickS, { windowEndMs: tickS * 1000, series: [], error: queryError(error) });
    }
  };
  const plans = planQueries(rules);
  let lags: Lags;
  let lateOf: ReadonlyMap<Plan["query"]["source"], Awaited<ReturnType<typeof queryLateMinutes>>>;
  try {
    lags = plans.length === 0 ? new Map() : await queryLags(store, ticksS);
    const sources = [...new Set(plans.map((plan) => plan.query.source))];
    const late = await Promise.all(
      sources.map(async (source) => [source, await queryLateMinutes(store, source, ticksS)] as const),
    );
    lateOf = new Map(late);
  } catch (error) {
    fail(rules, error);
    return samples;
  }
  const known = new Map<string, Promise<WindowRow[]>>();
  const tasks = plans.map((plan) => async () => {
    try {
      const late = lateOf.get(plan.query.source) ?? [];
      await samplePlan(store, plan, { ticksS, lags, late, known: await knownOf(store, plan, ticksS, known) }, put);
    } catch (error) {
      fail(plan.rules, error);
    }
  });
  for (const rule of rules) {
    if (rule.metric.source === "query") tasks.push(() => sampleOwn(store, rule, ticksS, put));
  }
  await runAll(tasks, ticksS.length === 1 ? QUERIES_AT_ONCE : 1);
  return samples;
}

/** Runs every task, in their order, so many at a time. */
async function runAll(tasks: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const waiting = tasks.values();
  const worker = async (): Promise<void> => {
    for (const task of waiting) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

type Put = (rule: CompiledRule, tickS: number, sample: Omit<Sample, "atMs">) => void;

/** What all plans of a call share. */
interface Seen {
  readonly ticksS: readonly number[];
  readonly lags: Lags;
  readonly late: Awaited<ReturnType<typeof queryLateMinutes>>;
  readonly known: readonly WindowRow[];
}

/** Empty rows of what spoke in the day before, asked once for all windows; none for a plan that has no use for them. */
async function knownOf(
  store: Store,
  { query, isAboutKnown }: Plan,
  ticksS: readonly number[],
  asked: Map<string, Promise<WindowRow[]>>,
): Promise<WindowRow[]> {
  if (!isAboutKnown) return [];
  const key = JSON.stringify([query.level, query.scope, query.attributes]);
  const rows = asked.get(key) ?? queryKnown(store, query, ticksS);
  asked.set(key, rows);
  return rows;
}

async function samplePlan(
  store: Store,
  plan: Plan,
  { ticksS, lags, late, known }: Seen,
  put: Put,
): Promise<void> {
  const { query, rules } = plan;
  const rows = byTick(await queryWindows(store, query, ticksS, lags));
  const knownRows = byTick(known);
  for (const tickS of ticksS) {
    const observer = new Observer(withKnown(rows.get(tickS) ?? [], knownRows.get(tickS) ?? []));
    const lateMinutes = late.filter((one) => one.tick === tickS && isLate(one, lags));
    const windows = isAboutTooMuch(plan) ? await lateWindows(store, plan, tickS, lateMinutes) : [];
    const lag = query.monotone ? -1 : Math.max(0, ...(lags.get(tickS)?.values() ?? []));
    for (const rule of rules) {
      put(rule, tickS, {
        windowEndMs: (tickS - lag * 60) * 1000,
        series: observer.observe(rule, tickS, lags.get(tickS)),
        late: windows.map(({ endMs, observer: seen }): LateWindow => ({ endMs, series: seen.observe(rule, tickS) })),
      });
    }
  }
}

/** Data that arrives late can only add to what is too much; it never proves that there was too little. */
function isAboutTooMuch({ rules }: Plan): boolean {
  return rules.some((rule) => rule.rule.comparison === "above" || rule.rule.comparison === "at-least");
}

/** Whether a minute's window had been judged, by its service's lag, before the evaluation that sees the minute. */
function isLate({ tick, minute, service }: { tick: number; minute: number; service: string }, lags: Lags): boolean {
  return minute + 60 < tick - (lags.get(tick)?.get(service) ?? 0) * 60;
}

/** The windows that end with each late minute, of the services that were late in it. */
async function lateWindows(
  store: Store,
  { query }: Plan,
  tickS: number,
  late: readonly { minute: number; service: string }[],
): Promise<{ endMs: number; observer: Observer }[]> {
  const services = new Map<number, Set<string>>();
  for (const { minute, service } of late) {
    services.set(minute, (services.get(minute) ?? new Set()).add(service));
  }
  const newest = [...services]
    .sort(([a], [b]) => b - a)
    .slice(0, LATE_MINUTES_MAX)
    .reverse();
  const endsS = newest.map(([minute]) => minute + 60);
  const rows = byTick(await queryWindows(store, { ...query, monotone: false }, endsS, new Map(), tickS));
  return newest.map(([minute, names]) => {
    const own = (rows.get(minute + 60) ?? []).filter((row) => row.service === undefined || names.has(row.service));
    return { endMs: (minute + 60) * 1000, observer: new Observer(own) };
  });
}

/** The rows, and those of what is known and has none. */
function withKnown(rows: WindowRow[], known: readonly WindowRow[]): WindowRow[] {
  if (known.length === 0) return rows;
  const keyOf = ({ service, function: name }: WindowRow): string => `${service ?? ""}/${name ?? ""}`;
  const present = new Set(rows.map(keyOf));
  return [...rows, ...known.filter((row) => !present.has(keyOf(row)))];
}

function byTick(rows: readonly WindowRow[]): Map<number, WindowRow[]> {
  const grouped = new Map<number, WindowRow[]>();
  for (const row of rows) {
    const list = grouped.get(row.tick);
    if (list === undefined) grouped.set(row.tick, [row]);
    else list.push(row);
  }
  return grouped;
}

async function sampleOwn(store: Store, rule: CompiledRule, ticksS: readonly number[], put: Put): Promise<void> {
  const { query, windowMs } = rule.metric;
  if (query === null) return;
  for (const tickS of ticksS) {
    const windowEndMs = tickS * 1000;
    try {
      const rows = await queryOwn(store, query, { fromS: tickS - windowMs / 1000, toS: tickS });
      const series = rows.map(
        ({ labels, value, volume }): Observation => ({ key: seriesKey(labels), labels, value, volume }),
      );
      put(rule, tickS, { windowEndMs, series });
    } catch (error) {
      put(rule, tickS, { windowEndMs, series: [], error: queryError(error) });
    }
  }
}

function queryError(error: unknown): SampleError {
  return { kind: "query", message: error instanceof Error ? error.message : String(error) };
}

/** The newest evaluation that may be made at an instant: a whole minute, a quarter of a minute and a margin ago. */
export function newestTickMs(nowMs: number): number {
  return Math.floor((nowMs - EVALUATION_DELAY_MS) / MINUTE_MS) * MINUTE_MS;
}

/**
 * How long after its nominal minute an evaluation is made: the quarter of a minute for which rows still count as
 * seen by it (`020_alert_seen_at.sql`), and a margin for an insert that began within it.
 */
export const EVALUATION_DELAY_MS = 18_000;
