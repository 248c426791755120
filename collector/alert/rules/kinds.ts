/** What each kind of rule measures, and what a rule of it may leave out. */
import type { RuleKind } from "../../../schema/alert-rules.ts";
import type { Comparison } from "../engine/types.ts";

/** How a value is written for a reader. */
export type Unit = "share" | "ms" | "count" | "times" | "money" | "number";

/** What a kind of rule measures, and what holds where a rule of it says nothing. */
export interface KindSpec {
  /** Which rollup has it. */
  readonly source: "function" | "queue" | "query";
  readonly comparison: Comparison;
  readonly unit: Unit;
  /** Completes "checkout has ...": what the value is. */
  readonly noun: string;
  readonly window: string;
  readonly groupBy: readonly ("service" | "function" | "queue")[];
  readonly minVolume: number;
  /** What no row counts as; null: nothing is known then. */
  readonly absentValue: number | null;
  /**
   * The value can only move towards the threshold as more data of a window arrives, so the newest window, half
   * filled, may be judged at once. All others wait until the window is complete.
   */
  readonly monotone: boolean;
}

const perFunction = { source: "function", groupBy: ["service", "function"] } as const;
const perQueue = { source: "queue", groupBy: ["queue"] } as const;
const counted = { comparison: "at-least", minVolume: 0, absentValue: 0, monotone: true } as const;
const measured = { comparison: "above", absentValue: null, monotone: false } as const;

/** Every kind of rule by its name. */
export const KINDS: Readonly<Record<RuleKind, KindSpec>> = {
  "error-rate": { ...perFunction, ...measured, unit: "share", noun: "error rate", window: "5m", minVolume: 20 },
  errors: { ...perFunction, ...counted, unit: "count", noun: "errors", window: "5m" },
  "cold-start-rate": {
    ...perFunction,
    ...measured,
    unit: "share",
    noun: "cold-start rate",
    window: "15m",
    minVolume: 20,
  },
  duration: { ...perFunction, ...measured, unit: "ms", noun: "duration", window: "5m", minVolume: 20 },
  "init-duration": { ...perFunction, ...measured, unit: "ms", noun: "init duration", window: "15m", minVolume: 3 },
  timeouts: { ...perFunction, ...counted, unit: "count", noun: "timeouts", window: "5m" },
  "throughput-drop": {
    ...perFunction,
    comparison: "below",
    unit: "share",
    noun: "share of the usual invocations",
    window: "10m",
    minVolume: 20,
    absentValue: null,
    monotone: false,
  },
  "no-data": {
    ...perFunction,
    comparison: "below",
    unit: "count",
    noun: "invocations",
    window: "10m",
    minVolume: 0,
    absentValue: null,
    monotone: false,
  },
  expected: {
    ...perFunction,
    comparison: "below",
    unit: "count",
    noun: "invocations",
    window: "1h",
    minVolume: 0,
    absentValue: 0,
    monotone: false,
  },
  "dead-letters": { ...perQueue, ...counted, unit: "count", noun: "dead letters", window: "5m" },
  "queue-wait": { ...perQueue, ...measured, unit: "ms", noun: "time in queue", window: "5m", minVolume: 5 },
  attempts: { ...perQueue, ...counted, unit: "times", noun: "deliveries of one message", window: "5m" },
  memory: {
    ...perFunction,
    ...measured,
    unit: "share",
    noun: "memory used",
    window: "5m",
    minVolume: 1,
    monotone: true,
  },
  cost: {
    ...perFunction,
    ...counted,
    comparison: "above",
    unit: "money",
    noun: "estimated cost",
    window: "1h",
    groupBy: [],
  },
  "slo-burn": {
    ...perFunction,
    comparison: "at-least",
    unit: "times",
    noun: "burn rate",
    window: "1h",
    minVolume: 20,
    absentValue: null,
    monotone: false,
    groupBy: ["service"],
  },
  query: {
    source: "query",
    comparison: "above",
    unit: "number",
    noun: "value",
    window: "5m",
    groupBy: [],
    minVolume: 0,
    absentValue: null,
    monotone: false,
  },
};
