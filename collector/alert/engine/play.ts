/** For tests: plays a history through the engine, minute by minute, and says in short what was told. */
import { emptyState } from "./empty-state.ts";
import { MINUTE_MS } from "./limits.ts";
import { seriesKey } from "./series-key.ts";
import { step } from "./step.ts";
import type { Labels, Mute, Notification, Observation, Rule, RuleState, Sample, Transition } from "./types.ts";

/** The simulated clock's minute 0: an ordinary day, so that nothing depends on small numbers. */
export const T0_MS = Date.UTC(2026, 10, 20, 12, 0, 0);

/** The instant of a minute of the simulated clock. */
export function minute(n: number): number {
  return T0_MS + n * MINUTE_MS;
}

/** A rule with the defaults of the list of histories: above 0.5, no periods, one message thread, repeat 4 h. */
export function aRule(changes: Partial<Rule> = {}): Rule {
  const threshold = changes.threshold ?? 0.5;
  return {
    id: "r",
    identity: "i",
    version: "v",
    comparison: "above",
    threshold,
    recoverThreshold: threshold,
    minVolume: 0,
    absentValue: null,
    forMs: 0,
    keepFiringMs: 0,
    noData: { policy: "keep", forMs: 0 },
    missingMs: 60 * MINUTE_MS,
    pastMs: 15 * MINUTE_MS,
    seriesMax: 10_000,
    group: { by: [], waitMs: 0, intervalMs: 5 * MINUTE_MS, repeatMs: 240 * MINUTE_MS },
    ...changes,
  };
}

/** One series' value. */
export function seen(labels: Labels, value: number | null, volume = 100): Observation {
  return { key: seriesKey(labels), labels, value, volume };
}

/** What a minute brings: a value of the one series, several series, or a failed query. */
export type Minute = number | null | boolean | readonly Observation[] | Partial<Sample>;

/** What a history came to: the last state, and all that was told on the way. */
export interface Played {
  readonly state: RuleState;
  /** `F@3`, `R@10(gone)`, `repeat@240`; with the series' name where it has one: `F a@3`. */
  readonly told: readonly string[];
  readonly notifications: readonly Notification[];
  readonly transitions: readonly Transition[];
}

/** Plays minutes from `start` on. A rule or mutes may depend on the minute. */
export function play(
  rule: Rule | ((n: number) => Rule),
  minutes: readonly Minute[],
  options: {
    start?: number;
    state?: RuleState;
    mutes?: (n: number) => readonly Mute[];
    /** The wall clock of an evaluation; its nominal instant without it. */
    now?: (n: number) => number;
  } = {},
): Played {
  const start = options.start ?? 0;
  const ruleAt = typeof rule === "function" ? rule : () => rule;
  let state = options.state ?? emptyState(ruleAt(start));
  const notifications: Notification[] = [];
  const transitions: Transition[] = [];
  const told: string[] = [];
  for (const [index, given] of minutes.entries()) {
    const n = start + index;
    const sample = sampleOf(given, n, options.mutes?.(n) ?? []);
    const result = step(ruleAt(n), state, sample, options.now?.(n) ?? minute(n));
    state = result.state;
    for (const event of result.events) {
      if (event.type === "transition") transitions.push(event);
      else {
        notifications.push(event);
        told.push(...inShort(event, n));
      }
    }
  }
  return { state, told, notifications, transitions };
}

function sampleOf(given: Minute, n: number, mutes: readonly Mute[]): Sample {
  const base = { atMs: minute(n), windowEndMs: minute(n), series: [], mutes };
  if (given === null) return base;
  if (typeof given === "boolean") return { ...base, series: [seen({}, given ? 1 : 0)] };
  if (typeof given === "number") return { ...base, series: [seen({}, given)] };
  if (Array.isArray(given)) return { ...base, series: given };
  return { ...base, ...(given as Partial<Sample>) };
}

function inShort(notification: Notification, n: number): string[] {
  if (notification.alerts.length === 0) return [`${notification.kind}@${n}`];
  return notification.alerts.map((alert) => {
    const name = Object.values(alert.labels).join(",");
    const kind =
      alert.status === "resolved" ? "R" : ["firing", "update"].includes(notification.kind) ? "F" : notification.kind;
    const what = alert.condition === "no-data" ? `${kind}-no-data` : kind;
    const reason = alert.reason === null || alert.reason === "recovered" ? "" : `(${alert.reason})`;
    return `${what}${name === "" ? "" : ` ${name}`}@${n}${reason}`;
  });
}
