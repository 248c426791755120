import { createHash } from "node:crypto";
import { SERIES_DEFAULT, type AlertFileInput, type RuleInput } from "../../../schema/alert-rules.ts";
import { MINUTE_MS } from "../engine/limits.ts";
import type { Rule } from "../engine/types.ts";
import type { CompiledRule, Metric, RuleAbout, Severity } from "./compiled.ts";
import { KINDS } from "./kinds.ts";
import { periodMs, shareOf } from "../../../schema/alert-quantities.ts";

/** Windows that ended longer ago page nobody. */
const PAST_MS = 15 * MINUTE_MS;
/** AWS Lambda on x86, us-east-1, in dollars: what most read cost alerts against. */
const GB_SECOND_PRICE = 0.0000166667;
const MILLION_INVOCATIONS_PRICE = 0.2;
const QUERY_TIME_DEFAULT_S = 5;
const QUERY_ROWS_READ_DEFAULT = 100_000_000;

/** The SRE workbook's three tiers for 30 days: 2 % of the budget in 1 h, 5 % in 6 h, 10 % in 3 d. */
const SLO_TIERS = [
  { name: "fast", long: "1h", short: "5m", burn: 14.4, severity: "critical" },
  { name: "slow", long: "6h", short: "30m", burn: 6, severity: "critical" },
  { name: "ticket", long: "3d", short: "6h", burn: 1, severity: "info" },
] as const;

/**
 * The rules that an entry stands for: one, or one for each tier of an SLO. Its fields are those that the schema
 * has checked.
 */
export function compileRule(
  input: RuleInput,
  defaults: NonNullable<AlertFileInput["defaults"]> = {},
  origin: CompiledRule["origin"] = "file",
): CompiledRule[] {
  if (input.kind !== "slo-burn") return [compileOne(input, input.id, thresholds(input), {}, defaults, origin)];
  const tiers = input.tiers ?? SLO_TIERS;
  return tiers.map((tier) => {
    const metric = { windowMs: periodMs(tier.long), shortWindowMs: periodMs(tier.short) };
    const limits = { threshold: tier.burn, recoverThreshold: tier.burn };
    const told = {
      ...input,
      severity: tier.severity ?? input.severity,
      notify: "notify" in tier ? tier.notify : input.notify,
    };
    const one = compileOne(dropUndefined(told), `${input.id}.${tier.name}`, limits, metric, defaults, origin);
    // What an editor shows is the entry, whatever its tiers changed.
    return { ...one, input };
  });
}

function compileOne(
  input: RuleInput,
  id: string,
  limits: { threshold: number; recoverThreshold: number },
  metricChanges: Partial<Metric>,
  defaults: NonNullable<AlertFileInput["defaults"]>,
  origin: CompiledRule["origin"],
): CompiledRule {
  const spec = KINDS[input.kind];
  const metric = { ...metricOf(input), ...metricChanges };
  const labels = { ...defaults.labels, ...input.labels };
  const noData =
    typeof input.noData === "string" ? { policy: input.noData } : (input.noData ?? { policy: "keep" as const });
  const messages = { ...defaults.messages, ...input.messages };
  const comparison = input.kind === "query" ? (input.compare ?? spec.comparison) : spec.comparison;
  const decides: Omit<Rule, "id" | "identity" | "version"> = {
    comparison,
    ...limits,
    minVolume: input.minVolume ?? spec.minVolume,
    absentValue: spec.absentValue,
    forMs: periodMs(input.for ?? "0s"),
    keepFiringMs: periodMs(input.keepFiring ?? "0s"),
    noData: { policy: noData.policy, forMs: periodMs(("for" in noData ? noData.for : undefined) ?? "0s") },
    missingMs: periodMs(input.missing ?? "1h"),
    pastMs: PAST_MS,
    seriesMax: input.maxSeries ?? SERIES_DEFAULT,
    group: {
      by: messages.by ?? [],
      waitMs: periodMs(messages.wait ?? "0s"),
      intervalMs: periodMs(messages.interval ?? "5m"),
      repeatMs: periodMs(messages.repeat ?? "4h"),
    },
  };
  const about: RuleAbout = {
    name: input.name ?? id,
    kind: input.kind,
    severity: (input.severity ?? "warning") satisfies Severity,
    unit: spec.unit,
    noun: nounOf(input, spec.noun),
    windowMs: metric.windowMs,
    labels,
    notify: input.notify ?? defaults.notify ?? [],
    summary: input.summary ?? null,
    runbook: input.runbook ?? null,
  };
  const identity = digest([id, input.kind, metric.groupBy, labels]);
  const version = digest([decides, metric]);
  return {
    rule: { id, identity, version, ...decides },
    metric,
    about,
    sourceId: input.id,
    mutedByUpstream: input.mutedByUpstream ?? true,
    origin,
    input,
  };
}

function metricOf(input: RuleInput): Metric {
  const spec = KINDS[input.kind];
  const quantile = "quantile" in input ? input.quantile : undefined;
  return {
    kind: input.kind,
    source: spec.source,
    scope: input.scope ?? {},
    groupBy: input.groupBy ?? spec.groupBy,
    windowMs: periodMs(input.window ?? spec.window),
    monotone: spec.monotone,
    quantile: quantile ?? "p95",
    baselineMs: periodMs((input.kind === "throughput-drop" ? input.baseline : undefined) ?? "1h"),
    shortWindowMs: 0,
    budget: input.kind === "slo-burn" ? 1 - shareOf(input.objective) : 0,
    prices: {
      gbSecond: (input.kind === "cost" ? input.pricePerGbSecond : undefined) ?? GB_SECOND_PRICE,
      millionInvocations:
        (input.kind === "cost" ? input.pricePerMillionInvocations : undefined) ?? MILLION_INVOCATIONS_PRICE,
    },
    query:
      input.kind === "query"
        ? {
            sql: input.sql,
            timeS: input.maxSeconds ?? QUERY_TIME_DEFAULT_S,
            rowsRead: input.maxRowsRead ?? QUERY_ROWS_READ_DEFAULT,
          }
        : null,
  };
}

/** Threshold and threshold of recovery as numbers: shares from 0 to 1, periods in milliseconds. */
function thresholds(input: Exclude<RuleInput, { kind: "slo-burn" }>): {
  threshold: number;
  recoverThreshold: number;
} {
  if (input.kind === "no-data") return { threshold: 1, recoverThreshold: 1 };
  const { unit } = KINDS[input.kind];
  const asNumber = (given: number | string): number => {
    if (unit === "ms" && typeof given === "string") return periodMs(given);
    return shareOf(given);
  };
  const threshold = asNumber(input.threshold);
  const recover = "recover" in input ? input.recover : undefined;
  return { threshold, recoverThreshold: recover === undefined ? threshold : asNumber(recover) };
}

function nounOf(input: RuleInput, noun: string): string {
  if (input.kind === "duration" || input.kind === "init-duration" || input.kind === "queue-wait") {
    return `${input.quantile ?? "p95"} ${noun}`;
  }
  return noun;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

function dropUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
