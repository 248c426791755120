import type { RuleInput, RuleKind } from "../../../schema/alert-rules.ts";
import type { Labels, Matcher, Rule } from "../engine/types.ts";
import type { Unit } from "./kinds.ts";

/** What a rule looks at. A pattern that is absent fits everything. */
export interface Scope {
  readonly service?: string | undefined;
  readonly function?: string | undefined;
  readonly queue?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** What a sampler must find out for a rule. */
export interface Metric {
  readonly kind: RuleKind;
  readonly source: "function" | "queue" | "query";
  readonly scope: Scope;
  readonly groupBy: readonly ("service" | "function" | "queue")[];
  readonly windowMs: number;
  readonly monotone: boolean;
  readonly quantile: "p50" | "p95" | "p99";
  /** throughput-drop: the time before the window that it is compared with. */
  readonly baselineMs: number;
  /** slo-burn: the second, shorter window, and the share of invocations that may fail. */
  readonly shortWindowMs: number;
  readonly budget: number;
  readonly prices: { readonly gbSecond: number; readonly millionInvocations: number };
  readonly query: { readonly sql: string; readonly timeS: number; readonly rowsRead: number } | null;
}

/** How bad it is, the least first; a rule that names none is a `warning`. */
export type Severity = "info" | "warning" | "critical";

/** What messages say about a rule. */
export interface RuleAbout {
  readonly name: string;
  readonly kind: RuleKind;
  readonly severity: Severity;
  readonly unit: Unit;
  readonly noun: string;
  readonly windowMs: number;
  readonly labels: Labels;
  readonly notify: readonly string[];
  readonly summary: string | null;
  readonly runbook: string | null;
}

/** A rule ready for use: what to measure, how to decide, what to say. An SLO entry becomes one for each tier. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly metric: Metric;
  readonly about: RuleAbout;
  /** The id in the file or the API: of an SLO rule, several rules have one. */
  readonly sourceId: string;
  /** An alert about silence is not told where another one further up explains it. */
  readonly mutedByUpstream: boolean;
  readonly origin: "file" | "api" | "pack";
  readonly input: RuleInput;
}

/**
 * Alerts that match are not told from `fromMs` until `untilMs`, milliseconds since the epoch; a weekly one only within
 * its hours of these days.
 */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly weekly: {
    readonly days: readonly string[];
    readonly fromMinute: number;
    readonly toMinute: number;
    readonly timeZone: string;
  } | null;
  readonly comment: string;
}

/**
 * While an alert that `source` matches fires, those are not told that `target` matches and whose labels `equal` have
 * the same values.
 */
export interface Inhibition {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}
