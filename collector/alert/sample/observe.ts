/** From the rows of a query to the observations of each of its rules. */
import type { WindowRow } from "../../store/queries/alert-samples.ts";
import { matchesPattern } from "../engine/mutes.ts";
import { seriesKey } from "../engine/series-key.ts";
import type { Labels, Observation } from "../engine/types.ts";
import type { CompiledRule, Metric, Scope } from "../rules/compiled.ts";
import { emptyRow, measure, merge } from "./values.ts";

type Level = Metric["groupBy"][number];
interface Series {
  readonly key: string;
  readonly labels: Labels;
  readonly row: WindowRow;
}

/** Turns rows into observations; grouping is done once for all rules that group alike without a scope of their own. */
export class Observer {
  readonly #rows: readonly WindowRow[];
  readonly #grouped = new Map<string, Series[]>();

  constructor(rows: readonly WindowRow[]) {
    this.#rows = rows;
  }

  /** The observations of one rule; `lags` gives each service's lag in minutes where it has one. */
  observe({ metric }: CompiledRule, tickS: number, lags?: ReadonlyMap<string, number>): Observation[] {
    const isLagging = !metric.monotone && lags !== undefined && lags.size > 0;
    const observations = this.#series(metric).map(({ key, labels, row }): Observation => {
      const measured = { key, labels, ...measure(metric, row) };
      const { service } = labels;
      if (!isLagging || service === undefined) return measured;
      return { ...measured, windowEndMs: (tickS - (lags.get(service) ?? 0) * 60) * 1000 };
    });
    if (metric.kind !== "expected") return observations;
    const labels = namedLabels(metric);
    if (labels === null) return observations;
    const key = seriesKey(labels);
    if (observations.some((one) => one.key === key)) return observations;
    return [...observations, { key, labels, ...measure(metric, emptyRow(tickS)) }];
  }

  #series(metric: Metric): Series[] {
    const { groupBy, scope } = metric;
    const inRow = (name: Level): boolean => this.#rows[0]?.[name] !== undefined;
    const patterns = (["service", "function", "queue"] as const).flatMap((name) => {
      const pattern = scope[name];
      return pattern === undefined || !inRow(name) ? [] : [{ name, pattern }];
    });
    const groupKey = JSON.stringify([groupBy, patterns.some(({ name }) => !groupBy.includes(name)) ? patterns : []]);
    let series = this.#grouped.get(groupKey);
    if (series === undefined) {
      const isMerging = patterns.some(({ name }) => !groupBy.includes(name));
      const rows = isMerging ? this.#rows.filter((row) => fits(row, patterns)) : this.#rows;
      series = group(rows, groupBy);
      this.#grouped.set(groupKey, series);
    }
    return patterns.length === 0 ? series : series.filter(({ row }) => fits(row, patterns));
  }
}

function fits(row: WindowRow, patterns: readonly { name: Level; pattern: string }[]): boolean {
  return patterns.every(({ name, pattern }) => matchesPattern(row[name] ?? "", pattern));
}

function group(rows: readonly WindowRow[], groupBy: readonly Level[]): Series[] {
  const groups = new Map<string, Series>();
  for (const row of rows) {
    const labels: Record<string, string> = {};
    for (const name of groupBy) labels[name] = row[name] ?? "";
    const key = seriesKey(labels);
    const known = groups.get(key);
    groups.set(key, { key, labels, row: known === undefined ? row : merge(known.row, row) });
  }
  return [...groups.values()];
}

/** The labels of the one series that a scope without `*` names; null where it may name several. */
function namedLabels({ groupBy, scope }: Metric): Labels | null {
  const labels: Record<string, string> = {};
  for (const name of groupBy) {
    const named: string | undefined = scope[name satisfies keyof Scope];
    if (named === undefined || named.includes("*")) return null;
    labels[name] = named;
  }
  return labels;
}
