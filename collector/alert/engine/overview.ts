/** What several rules ask of the same observations, found once: rules that measure the same share their objects. */
import { isWorse } from "./compare.ts";
import type { Observation, Rule } from "./types.ts";

type Series = readonly Observation[];

/** What a rule sees of its series as a whole. */
export interface Overview {
  /** Series with a value that rests on enough. */
  readonly reporting: number;
  /** Series with too little traffic to judge. */
  readonly insufficient: number;
  /** Of those that report, the one furthest towards the threshold, or past it. */
  readonly worst: Observation | null;
}

const overviews = new WeakMap<Series, Map<string, Overview>>();

/** Counts the series, and finds the worst. */
export function overviewOf(series: Series, rule: Pick<Rule, "comparison" | "minVolume">): Overview {
  const known = overviews.get(series) ?? new Map<string, Overview>();
  overviews.set(series, known);
  const key = `${rule.comparison} ${rule.minVolume}`;
  const overview = known.get(key) ?? look(series, rule);
  known.set(key, overview);
  return overview;
}

function look(series: Series, { comparison, minVolume }: Pick<Rule, "comparison" | "minVolume">): Overview {
  let reporting = 0;
  let insufficient = 0;
  let worst: Observation | null = null;
  for (const one of series) {
    if (one.value === null || Number.isNaN(one.value)) continue;
    if (one.volume < minVolume) {
      insufficient++;
      continue;
    }
    reporting++;
    if (worst === null || isWorse(comparison, one.value, worst.value)) worst = one;
  }
  return { reporting, insufficient, worst };
}

/** The observations by their key, and the second of the first two that have the same. */
interface Index {
  readonly byKey: ReadonlyMap<string, Observation>;
  readonly double: Observation | undefined;
}

const indexes = new WeakMap<Series, Index>();

/** The observations by their key. */
export function indexOf(series: Series): Index {
  const known = indexes.get(series);
  if (known !== undefined) return known;
  const byKey = new Map<string, Observation>();
  let double: Observation | undefined;
  for (const one of series) {
    if (byKey.has(one.key)) double ??= one;
    else byKey.set(one.key, one);
  }
  const index = { byKey, double };
  indexes.set(series, index);
  return index;
}
