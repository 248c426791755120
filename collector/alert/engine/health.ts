import { HEALTHY } from "./empty-state.ts";
import { FAILING_TOLD_AFTER_MS } from "./limits.ts";
import { indexOf } from "./overview.ts";
import type { HealthState, Notification, Rule, Sample, SampleError } from "./types.ts";

/** Why a sample cannot be judged: its own error, too many series, or two with the same labels. */
export function findError(rule: Rule, sample: Sample): SampleError | undefined {
  if (sample.error !== undefined) return sample.error;
  if (sample.series.length > rule.seriesMax) {
    const message = `${sample.series.length} series, and at most ${rule.seriesMax} are allowed; narrow the scope, or raise maxSeries`;
    return { kind: "limit", message };
  }
  const { byKey, double } = indexOf(sample.series);
  if (double === undefined) return undefined;
  const other = byKey.get(double.key)?.value ?? null;
  const message = `two results have the same labels ${JSON.stringify(double.labels)}, one with the value ${other}, one with ${double.value}; group by a label that tells them apart`;
  return { kind: "duplicate", message };
}

/** A rule's health after a failed evaluation, and the message about it once it is due. */
export function fail(
  rule: Rule,
  before: HealthState,
  error: SampleError,
  atMs: number,
): { health: HealthState; notifications: Notification[] } {
  const failingMs = before.failingMs === 0 ? atMs : Math.min(before.failingMs, atMs);
  const isDue = error.kind !== "query" || atMs - failingMs >= FAILING_TOLD_AFTER_MS;
  const health = { failingMs, error: error.message, told: before.told || isDue };
  if (before.told || !isDue) return { health, notifications: [] };
  return { health, notifications: [about(rule, failingMs, "broken", atMs, error.message)] };
}

/** A rule's health after an evaluation that worked. */
export function recover(
  rule: Rule,
  before: HealthState,
  atMs: number,
): { health: HealthState; notifications: Notification[] } {
  if (before.failingMs === 0) return { health: before, notifications: [] };
  if (!before.told) return { health: HEALTHY, notifications: [] };
  return { health: HEALTHY, notifications: [about(rule, before.failingMs, "working", atMs, "evaluated again")] };
}

/** A message about the rule itself, not about one of its alerts. */
export function about(
  rule: Rule,
  sinceMs: number,
  kind: "broken" | "working" | "note",
  atMs: number,
  text: string,
): Notification {
  const incident = `${rule.id}/${kind === "note" ? "note" : "health"}/${sinceMs}`;
  return {
    type: "notification",
    id: `${incident}#${kind}`,
    incident,
    kind,
    ruleId: rule.id,
    groupLabels: {},
    atMs,
    alerts: [],
    firingCount: 0,
    resolvedCount: 0,
    text,
  };
}
