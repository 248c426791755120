/** What the reader of a message wants beside the value: what is usual, and which flows failed. */
import { queryFailingFlows } from "../../store/queries/alert-history.ts";
import { queryWindows } from "../../store/queries/alert-windows.ts";
import type { Store } from "../../store/store.ts";
import { MINUTE_MS } from "../engine/limits.ts";
import type { Notification, NotifiedAlert } from "../engine/types.ts";
import type { Background } from "../message/render.ts";
import type { CompiledRule, Metric } from "../rules/compiled.ts";
import { planQueries } from "../sample/plan.ts";
import { measure, merge } from "../sample/values.ts";

/** Alerts of one message that are looked into: each costs two queries. */
const LOOKED_INTO_MAX = 3;
const FLOWS_MAX = 3;
/** What is usual is what was over the day before the window, milliseconds. */
const USUAL_MS = 24 * 60 * MINUTE_MS;

/** Background of a notification's first alerts; one that cannot be had is left out, the message is sent anyway. */
export async function lookInto(
  store: Store,
  compiled: CompiledRule,
  notification: Notification,
  baseUrl: string,
): Promise<(Background | undefined)[]> {
  const alerts = notification.alerts.slice(0, LOOKED_INTO_MAX);
  return Promise.all(
    alerts.map(async (alert) => {
      const [flows, normal] = await Promise.all([
        alert.status === "firing" ? failingFlows(store, compiled.metric, alert, baseUrl).catch(() => []) : [],
        usualValue(store, compiled, alert).catch(() => null),
      ]);
      return { flows, normal };
    }),
  );
}

async function failingFlows(store: Store, metric: Metric, alert: NotifiedAlert, baseUrl: string) {
  if (metric.source === "query" || alert.condition === "no-data") return [];
  const range = {
    fromMs: alert.windowEndMs - Math.min(metric.windowMs, USUAL_MS),
    toMs: alert.windowEndMs,
    limit: FLOWS_MAX,
  };
  const flows = await queryFailingFlows(store, alert.labels, range);
  return flows.map(({ traceId, atMs, error }) => ({
    traceId,
    url: `${baseUrl}/flows/${traceId}`,
    at: new Date(atMs).toISOString(),
    error,
  }));
}

async function usualValue(store: Store, compiled: CompiledRule, alert: NotifiedAlert): Promise<number | null> {
  const [plan] = planQueries([compiled]);
  const { metric } = compiled;
  if (plan === undefined || alert.normal !== null || metric.kind === "slo-burn") return null;
  const { service, function: functionName, queue } = alert.labels;
  const scope = {
    ...plan.query.scope,
    service: service ?? plan.query.scope.service,
    function: functionName ?? plan.query.scope.function,
  };
  const query = {
    ...plan.query,
    windowS: USUAL_MS / 1000,
    second: { kind: "within" as const, lengthS: 0 },
    monotone: false,
    scope: plan.query.source === "queue" ? { ...scope, queue: queue ?? plan.query.scope.queue } : scope,
  };
  const tickS = (alert.windowEndMs - metric.windowMs) / 1000;
  const [rows = []] = await queryWindows(store, [query], [Math.floor(tickS / 60) * 60], new Map());
  const [first, ...rest] = rows;
  if (first === undefined) return null;
  const { value } = measure(metric, rest.reduce(merge, first));
  const isCount = ["errors", "timeouts", "dead-letters", "cost", "no-data", "expected"].includes(metric.kind);
  return value === null || !isCount ? value : (value * metric.windowMs) / USUAL_MS;
}
