/** From the rows of a query to the observations of each of its rules. */
import { emptyRow, type WindowRow } from "../../store/queries/alert-windows.ts";
import { matchesPattern } from "../engine/mutes.ts";
import { seriesKey } from "../engine/series-key.ts";
import type { Labels, Observation } from "../engine/types.ts";
import type { CompiledRule, Metric, Scope } from "../rules/compiled.ts";
import { seriesName, type SeriesName } from "./series-names.ts";
import { measure, merge } from "./values.ts";

type Level = Metric["groupBy"][number];
const LEVELS: readonly Level[] = ["service", "function", "queue"];

interface Series extends SeriesName {
  readonly row: WindowRow;
}

type Pattern = { readonly name: Level; readonly pattern: string };

/** Turns rows into observations; rules that measure the same have the same objects, whatever their thresholds. */
export class Observer {
  readonly #rows: readonly WindowRow[];
  readonly #grouped = new Map<string, readonly Series[]>();
  readonly #measured = new Map<string, readonly Observation[]>();

  constructor(rows: readonly WindowRow[]) {
    this.#rows = rows;
  }

  /** The observations of one rule; `lags` gives each service's lag in minutes where it has one: always the same. */
  observe({ metric }: CompiledRule, tickS: number, lags?: ReadonlyMap<string, number>): readonly Observation[] {
    const patterns = this.#patterns(metric);
    const isMerging = patterns.some(({ name }) => !metric.groupBy.includes(name));
    const groupKey = JSON.stringify([metric.groupBy, isMerging ? patterns : []]);
    const series = this.#series(groupKey, metric, isMerging ? patterns : []);
    const metricKey = groupKey + keyOfMeasure(metric);
    const measured = this.#measured.get(metricKey) ?? measureAll(metric, series, tickS, lags);
    this.#measured.set(metricKey, measured);
    const observations =
      patterns.length === 0 ? measured : measured.filter((_, n) => fits(series[n]?.row ?? emptyRow(tickS), patterns));
    if (metric.kind !== "expected") return observations;
    const labels = namedLabels(metric);
    if (labels === null) return observations;
    const key = seriesKey(labels);
    if (observations.some((one) => one.key === key)) return observations;
    return [...observations, { key, labels, ...measure(metric, emptyRow(tickS)) }];
  }

  /** The scope's patterns of what the rows tell apart. */
  #patterns({ scope }: Metric): readonly Pattern[] {
    return LEVELS.flatMap((name) => {
      const pattern = scope[name];
      return pattern === undefined || this.#rows[0]?.[name] === undefined ? [] : [{ name, pattern }];
    });
  }

  #series(groupKey: string, { groupBy }: Metric, patterns: readonly Pattern[]): readonly Series[] {
    const known = this.#grouped.get(groupKey);
    if (known !== undefined) return known;
    const rows = patterns.length === 0 ? this.#rows : this.#rows.filter((row) => fits(row, patterns));
    const series = group(rows, groupBy);
    this.#grouped.set(groupKey, series);
    return series;
  }
}

function measureAll(
  metric: Metric,
  series: readonly Series[],
  tickS: number,
  lags: ReadonlyMap<string, number> | undefined,
): Observation[] {
  const isLagging = !metric.monotone && lags !== undefined && lags.size > 0;
  return series.map(({ key, labels, row }): Observation => {
    const { value, volume, normal } = measure(metric, row);
    const { service } = labels;
    if (!isLagging || service === undefined) return { key, labels, value, volume, normal };
    const windowEndMs = (tickS - (lags.get(service) ?? 0) * 60) * 1000;
    return { key, labels, value, volume, normal, windowEndMs };
  });
}

function fits(row: WindowRow, patterns: readonly Pattern[]): boolean {
  return patterns.every(({ name, pattern }) => matchesPattern(row[name] ?? "", pattern));
}

function group(rows: readonly WindowRow[], groupBy: readonly Level[]): Series[] {
  const [first] = rows;
  // Where the grouping tells all rows apart, none has to be looked for.
  const isEach = LEVELS.every((name) => first?.[name] === undefined || groupBy.includes(name));
  if (isEach) return rows.map((row) => seriesOf(row, groupBy));
  const groups = new Map<string, Series>();
  for (const row of rows) {
    const one = seriesOf(row, groupBy);
    const known = groups.get(one.key);
    groups.set(one.key, known === undefined ? one : { ...known, row: merge(known.row, row) });
  }
  return [...groups.values()];
}

function seriesOf(row: WindowRow, groupBy: readonly Level[]): Series {
  const { key, labels } = seriesName(row, groupBy);
  return { key, labels, row };
}

const measureKeys = new WeakMap<Metric, string>();

/** The same for metrics that measure the same, whatever of it is in their scope. */
function keyOfMeasure(metric: Metric): string {
  const key = measureKeys.get(metric) ?? JSON.stringify({ ...metric, scope: null, query: null });
  measureKeys.set(metric, key);
  return key;
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
