/** Which windows the rules need: rules that need the same share one query. */
import type { WindowQuery } from "../../store/queries/alert-samples.ts";
import type { CompiledRule, Metric } from "../rules/compiled.ts";

export interface Plan {
  readonly query: WindowQuery;
  /** Its rules are about silence: what spoke in the day before counts, though it has no row in the window. */
  readonly isAboutKnown: boolean;
  readonly rules: CompiledRule[];
}

/** Plans for every rule that reads rollups; rules with a query of their own are not among them. */
export function planQueries(rules: readonly CompiledRule[]): Plan[] {
  const plans = new Map<string, Plan>();
  for (const rule of rules) {
    if (rule.metric.source === "query") continue;
    const query = windowQuery(rule.metric);
    const isAboutKnown = rule.metric.kind === "no-data" || rule.metric.kind === "expected";
    const key = JSON.stringify([query, isAboutKnown]);
    const plan = plans.get(key) ?? { query, isAboutKnown, rules: [] };
    plan.rules.push(rule);
    plans.set(key, plan);
  }
  return [...plans.values()].map((plan) => ({
    ...plan,
    query: { ...plan.query, quantiles: quantilesOf(plan.rules) },
  }));
}

function quantilesOf(rules: readonly CompiledRule[]): WindowQuery["quantiles"] {
  const kinds = new Set(rules.map((rule) => rule.metric.kind));
  return (["duration", "init", "wait"] as const).filter((name) => kinds.has(QUANTILE_KINDS[name]));
}

const QUANTILE_KINDS = { duration: "duration", init: "init-duration", wait: "queue-wait" } as const;

function windowQuery(metric: Metric): WindowQuery {
  const source = metric.source === "queue" ? "queue" : "function";
  const whole = source === "queue" ? (["queue", "service", "function"] as const) : (["service", "function"] as const);
  const level = isQuantile(metric) ? metric.groupBy : whole;
  const { service, function: functionName, queue } = metric.scope;
  const attributes = metric.scope.attributes ?? {};
  const inSql = (name: "service" | "function" | "queue", pattern: string | undefined) =>
    pattern !== undefined && !level.includes(name) && (name !== "queue" || source === "queue")
      ? { [name]: pattern }
      : {};
  return {
    source,
    windowS: metric.windowMs / 1000,
    second: secondRange(metric),
    monotone: metric.monotone,
    level,
    scope: { ...inSql("service", service), ...inSql("function", functionName), ...inSql("queue", queue) },
    quantiles: [],
    attributes,
  };
}

function isQuantile({ kind }: Metric): boolean {
  return kind === "duration" || kind === "init-duration" || kind === "queue-wait";
}

function secondRange(metric: Metric): WindowQuery["second"] {
  switch (metric.kind) {
    case "throughput-drop":
      return { kind: "before", lengthS: metric.baselineMs / 1000 };
    case "slo-burn":
      return { kind: "within", lengthS: metric.shortWindowMs / 1000 };
    default:
      return { kind: "within", lengthS: 0 };
  }
}
