/** From a window's sums to a rule's value. */
import type { RuleKind } from "../../../schema/alert-rules.ts";
import type { WindowColumn, WindowRow } from "../../store/queries/alert-windows.ts";
import type { Metric } from "../rules/compiled.ts";

/** A value over one window, in the unit of its kind of rule. */
export interface Measured {
  /** null: nothing can be said. */
  readonly value: number | null;
  /** Events that the value rests on. */
  readonly volume: number;
  readonly normal: number | null;
}

const NOTHING: Measured = { value: null, volume: 0, normal: null };
const QUANTILE_INDEX = { p50: 0, p95: 1, p99: 2 } as const;

/** The sums that {@link measure} looks at. */
export function columnsOf(kind: RuleKind): readonly WindowColumn[] {
  return COLUMNS[kind];
}

const COLUMNS: Readonly<Record<RuleKind, readonly WindowColumn[]>> = {
  "error-rate": ["volume", "errors"],
  "cold-start-rate": ["volume", "coldStarts"],
  errors: ["volume", "errors"],
  timeouts: ["volume", "timeouts"],
  duration: ["volume", "durationMs"],
  "init-duration": ["coldStarts", "initMs"],
  "queue-wait": ["waits", "waitMs"],
  "throughput-drop": ["volume", "volumeSecond"],
  "no-data": ["volume"],
  expected: ["volume"],
  "dead-letters": ["volume", "deadLetters"],
  attempts: ["volume", "attemptsMax"],
  memory: ["volume", "memoryUsedMax", "memoryLimitMax"],
  cost: ["volume", "gbSeconds"],
  "slo-burn": ["volume", "errors", "volumeSecond", "errorsSecond"],
  query: [],
};

/** What a metric is over the given sums. */
export function measure(metric: Metric, row: WindowRow): Measured {
  const { volume } = row;
  switch (metric.kind) {
    case "error-rate":
      return ratio(row.errors, volume);
    case "cold-start-rate":
      return ratio(row.coldStarts, volume);
    case "errors":
      return { value: row.errors, volume, normal: null };
    case "timeouts":
      return { value: row.timeouts, volume, normal: null };
    case "duration":
      return quantile(row.durationMs, metric, volume);
    case "init-duration":
      return quantile(row.initMs, metric, row.coldStarts);
    case "queue-wait":
      return quantile(row.waitMs, metric, row.waits);
    case "throughput-drop": {
      const usual = (row.volumeSecond * metric.windowMs) / metric.baselineMs;
      return usual === 0 ? NOTHING : { value: volume / usual, volume: usual, normal: usual };
    }
    case "no-data":
      return volume + row.volumeSecond === 0 ? NOTHING : { value: volume, volume, normal: null };
    case "expected":
      return { value: volume, volume, normal: null };
    case "dead-letters":
      return { value: row.deadLetters, volume, normal: null };
    case "attempts":
      return { value: row.attemptsMax, volume, normal: null };
    case "memory":
      return row.memoryLimitMax === 0 || row.memoryUsedMax === 0
        ? NOTHING
        : { value: row.memoryUsedMax / row.memoryLimitMax, volume, normal: null };
    case "cost": {
      const value = row.gbSeconds * metric.prices.gbSecond + (volume / 1e6) * metric.prices.millionInvocations;
      return { value, volume, normal: null };
    }
    case "slo-burn": {
      if (volume === 0) return NOTHING;
      return {
        value: Math.min(burn(row.errors, volume, metric), burn(row.errorsSecond, row.volumeSecond, metric)),
        volume,
        normal: null,
      };
    }
    case "query":
      return NOTHING;
  }
}

/** How many times faster than the objective allows the error budget is used up; 0 without traffic. */
function burn(errors: number, volume: number, metric: Metric): number {
  return volume === 0 ? 0 : errors / volume / metric.budget;
}

function ratio(part: number, whole: number): Measured {
  return whole === 0 ? NOTHING : { value: part / whole, volume: whole, normal: null };
}

function quantile(values: readonly number[], metric: Metric, volume: number): Measured {
  const value = values[QUANTILE_INDEX[metric.quantile]];
  return volume === 0 || value === undefined || Number.isNaN(value) ? NOTHING : { value, volume, normal: null };
}

/** The sums of two rows of one window; quantiles are not to be had of sums, and stay those of the first. */
export function merge(a: WindowRow, b: WindowRow): WindowRow {
  return {
    ...a,
    volume: a.volume + b.volume,
    volumeSecond: a.volumeSecond + b.volumeSecond,
    errors: a.errors + b.errors,
    errorsSecond: a.errorsSecond + b.errorsSecond,
    timeouts: a.timeouts + b.timeouts,
    coldStarts: a.coldStarts + b.coldStarts,
    deadLetters: a.deadLetters + b.deadLetters,
    attemptsMax: Math.max(a.attemptsMax, b.attemptsMax),
    ...fullerMemory(a, b),
    gbSeconds: a.gbSeconds + b.gbSeconds,
    waits: a.waits + b.waits,
  };
}

/** Memory of the row that is nearer to its limit: a sum or a mix of two functions' would mean nothing. */
function fullerMemory(a: WindowRow, b: WindowRow): Pick<WindowRow, "memoryUsedMax" | "memoryLimitMax"> {
  const share = (row: WindowRow): number => (row.memoryLimitMax === 0 ? 0 : row.memoryUsedMax / row.memoryLimitMax);
  const { memoryUsedMax, memoryLimitMax } = share(b) > share(a) ? b : a;
  return { memoryUsedMax, memoryLimitMax };
}
