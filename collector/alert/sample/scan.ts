/** The samples of rules whose windows lie over the same rows of a rollup. */
import { queryWindows, type WindowRow } from "../../store/queries/alert-windows.ts";
import type { Store } from "../../store/store.ts";
import type { LateWindow } from "../engine/types.ts";
import type { Arrivals } from "./arrivals.ts";
import { withKnown, type Known } from "./known.ts";
import { Observer } from "./observe.ts";
import type { Plan } from "./plan.ts";
import type { Taken } from "./taken.ts";

/** What all scans of an evaluation share. */
interface Shared {
  readonly arrivals: Arrivals;
  readonly known: Known;
}

/** Samples all rules of the plans with one query, and one more for each evaluation that sees data of judged windows. */
export async function sampleScan(
  store: Store,
  plans: readonly Plan[],
  shared: Shared,
  taken: Taken,
): Promise<void> {
  await taken.attempt(
    plans.flatMap((plan) => plan.rules),
    async () => {
      const queries = plans.map((plan) => plan.query);
      const rows = await queryWindows(store, queries, taken.ticksS, shared.arrivals.lags);
      const late = await lateWindows(store, plans, shared.arrivals, taken.ticksS);
      for (const [n, plan] of plans.entries()) {
        await taken.attempt(plan.rules, () =>
          samplePlan(plan, { rows: rows[n] ?? [], late: late.get(plan) }, shared, taken),
        );
      }
    },
  );
}

/** The windows that end with a late minute, by evaluation. */
type LateObservers = ReadonlyMap<number, readonly { readonly endMs: number; readonly observer: Observer }[]>;

async function samplePlan(
  { query, rules, isAboutKnown }: Plan,
  found: { readonly rows: readonly WindowRow[]; readonly late: LateObservers | undefined },
  { arrivals: { lags }, known }: Shared,
  taken: Taken,
): Promise<void> {
  const rows = byTick(found.rows, taken.ticksS);
  const heard = isAboutKnown ? await known.at(query, taken.ticksS) : undefined;
  for (const tickS of taken.ticksS) {
    const observer = new Observer(withKnown(rows.get(tickS) ?? [], heard?.get(tickS) ?? []));
    const lag = query.monotone ? -1 : Math.max(0, ...(lags.get(tickS)?.values() ?? []));
    const windows = found.late?.get(tickS) ?? [];
    for (const rule of rules) {
      taken.put(rule, tickS, {
        windowEndMs: (tickS - lag * 60) * 1000,
        series: observer.observe(rule, tickS, lags.get(tickS)),
        late: windows.map(({ endMs, observer: seen }): LateWindow => ({ endMs, series: seen.observe(rule, tickS) })),
      });
    }
  }
}

/** For plans that late data matters to: the windows that end with each late minute, of the services that were late. */
async function lateWindows(
  store: Store,
  plans: readonly Plan[],
  { late }: Arrivals,
  ticksS: readonly number[],
): Promise<ReadonlyMap<Plan, LateObservers>> {
  const loud = plans.filter(isAboutTooMuch);
  const observers = new Map(loud.map((plan) => [plan, new Map<number, { endMs: number; observer: Observer }[]>()]));
  const queries = loud.map(({ query }) => ({ ...query, monotone: false }));
  for (const tickS of ticksS) {
    const ends = (queries[0] && late.get(queries[0].source)?.get(tickS)) ?? [];
    if (ends.length === 0) continue;
    const endsS = ends.map(({ endS }) => endS);
    const windowRows = await queryWindows(store, queries, endsS, new Map(), tickS);
    const found = windowRows.map((rows) => byTick(rows, endsS));
    for (const [n, plan] of loud.entries()) {
      const windows = ends.map(({ endS, services }) => {
        const rows = found[n]?.get(endS) ?? [];
        const own = rows.filter((row) => row.service === undefined || services.has(row.service));
        return { endMs: endS * 1000, observer: new Observer(own) };
      });
      observers.get(plan)?.set(tickS, windows);
    }
  }
  return observers;
}

/** Data that arrives late can only add to what is too much; it never proves that there was too little. */
function isAboutTooMuch({ rules }: Plan): boolean {
  return rules.some((rule) => rule.rule.comparison === "above" || rule.rule.comparison === "at-least");
}

function byTick(rows: readonly WindowRow[], ticksS: readonly number[]): Map<number, readonly WindowRow[]> {
  const [onlyS, ...moreS] = ticksS;
  if (onlyS !== undefined && moreS.length === 0) return new Map([[onlyS, rows]]);
  const grouped = new Map<number, WindowRow[]>();
  for (const row of rows) {
    const list = grouped.get(row.tick);
    if (list === undefined) grouped.set(row.tick, [row]);
    else list.push(row);
  }
  return grouped;
}
