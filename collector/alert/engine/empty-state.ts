import type { HealthState, Rule, RuleState } from "./types.ts";

/** A rule that can be evaluated, of which nothing was told. */
export const HEALTHY: HealthState = Object.freeze({ failingMs: 0, error: "", told: false });

/** The state of a rule that was never evaluated. */
export function emptyState(rule: Pick<Rule, "identity" | "version">): RuleState {
  return {
    identity: rule.identity,
    version: rule.version,
    atMs: 0,
    series: {},
    groups: {},
    health: HEALTHY,
    noteMs: 0,
    last: { windowEndMs: 0, series: 0, firing: 0, pending: 0, insufficient: 0, worst: null },
  };
}
