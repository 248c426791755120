/** Which windows the rules need: rules that need the same share one, and windows over the same rows share one query. */
import { reachS, type WindowColumn, type WindowQuery } from "../../store/queries/alert-windows.ts";
import type { CompiledRule, Metric } from "../rules/compiled.ts";
import { columnsOf } from "./values.ts";

/** One window to be queried, and every rule that its rows answer. */
export interface Plan {
  readonly query: WindowQuery;
  /** Its rules are about silence: what spoke in the day before counts, though it has no row in the window. */
  readonly isAboutKnown: boolean;
  readonly rules: readonly CompiledRule[];
}

/** Reaches further than most: its rows are many, so it shares no scan with those of short windows, seconds. */
const LONG_S = 2 * 3600;

/** Plans for every rule that reads rollups; rules with a query of their own are not among them. */
export function planQueries(rules: readonly CompiledRule[]): Plan[] {
  const plans = new Map<string, { query: WindowQuery; isAboutKnown: boolean; rules: CompiledRule[] }>();
  for (const rule of rules) {
    if (rule.metric.source === "query") continue;
    const query = windowQuery(rule.metric);
    const isAboutKnown = rule.metric.kind === "no-data" || rule.metric.kind === "expected";
    const key = JSON.stringify([query, isQuantile(rule.metric), isAboutKnown]);
    const plan = plans.get(key) ?? { query, isAboutKnown, rules: [] };
    plan.rules.push(rule);
    plans.set(key, plan);
  }
  return [...plans.values()].map((plan) => ({
    ...plan,
    query: { ...plan.query, columns: [...new Set(plan.rules.flatMap(({ metric }) => columnsOf(metric.kind)))] },
  }));
}

/** The plans that one query answers: those over the same rows. */
export function scansOf(plans: readonly Plan[]): Plan[][] {
  const scans = new Map<string, Plan[]>();
  for (const plan of plans) {
    const { source, level, scope, attributes, columns } = plan.query;
    const reach = columns.some((column) => QUANTILES.has(column)) ? "quantiles" : reachS(plan.query) > LONG_S;
    const key = JSON.stringify([source, level, scope, attributes, reach]);
    scans.set(key, [...(scans.get(key) ?? []), plan]);
  }
  return [...scans.values()];
}

/** Reading and merging their states is most of the work, so only rows are read that they need. */
const QUANTILES: ReadonlySet<WindowColumn> = new Set(["durationMs", "initMs", "waitMs"]);

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
    attributes,
    columns: [],
  };
}

function isQuantile({ kind }: Metric): boolean {
  return columnsOf(kind).some((column) => QUANTILES.has(column));
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
