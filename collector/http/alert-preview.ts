/** `/api/alerts/preview` and `/api/alerts/check`: what a rule, or a file of rules, would have told. */
import { createRoute, z, type OpenAPIHono } from "@hono/zod-openapi";
import { alertCheckSchema, alertPreviewSchema } from "../../schema/alert-api.ts";
import { ruleSchema, type RuleInput } from "../../schema/alert-rules.ts";
import { timeRangeQuerySchema } from "../../schema/api.ts";
import { compileRule } from "../alert/rules/compile-rule.ts";
import { alertFileJsonSchema } from "../alert/rules/json-schema.ts";
import { refusalOf } from "../alert/rules/own-query-check.ts";
import { FILE_BYTES_MAX } from "../alert/rules/read-file.ts";
import { backtest, BACKTEST_RANGE_MAX_MS } from "../alert/runner/backtest.ts";
import { checkFile } from "../alert/runner/check-file.ts";
import { thresholdText } from "./alert-status.ts";
import { invalid } from "./api-error.ts";
import { ERROR_ANSWERS, jsonAnswer, type ApiContext } from "./api-router.ts";
import { timeRange } from "./time-range.ts";

/** Longest range of a preview that runs a query of its own once a minute, milliseconds. */
const OWN_QUERY_PREVIEW_MAX_MS = 24 * 3_600_000;

const jsonBody = <Schema>(schema: Schema) => ({ required: true, content: { "application/json": { schema } } });

const previewRoute = createRoute({
  method: "post",
  path: "/api/alerts/preview",
  summary: "When a rule would have fired",
  description: "Evaluates every minute of the range with the live engine, as of that minute.",
  request: { query: timeRangeQuerySchema, body: jsonBody(ruleSchema) },
  responses: { 200: jsonAnswer("The metric and what would have been told.", alertPreviewSchema), ...ERROR_ANSWERS },
});

const checkRoute = createRoute({
  method: "post",
  path: "/api/alerts/check",
  summary: "What a rules file would have told",
  description: "The same as `hopscope check-alerts`; rules with a query of their own are left out.",
  request: {
    query: timeRangeQuerySchema,
    body: jsonBody(z.object({ file: z.string().max(FILE_BYTES_MAX).describe("The text of a hopscope.alerts.yml.") })),
  },
  responses: { 200: jsonAnswer("Problems, or messages.", alertCheckSchema), ...ERROR_ANSWERS },
});

const schemaRoute = createRoute({
  method: "get",
  path: "/api/alerts/schema.json",
  summary: "The JSON schema of hopscope.alerts.yml, for editors",
  responses: { 200: jsonAnswer("A JSON schema.", z.record(z.string(), z.unknown())) },
});

/** Adds these routes. */
export function previewRoutes(app: OpenAPIHono, { store, now }: Pick<ApiContext, "store" | "now">): void {
  app.openapi(schemaRoute, (context) => context.json(alertFileJsonSchema(), 200));
  app.openapi(checkRoute, async (context) => {
    const range = backtestRange(context.req.valid("query"), now());
    const options = { ...range, allowQueries: false, baseUrl: "", signal: context.req.raw.signal };
    return context.json(await checkFile(store, context.req.valid("json").file, options), 200);
  });
  app.openapi(previewRoute, async (context) => {
    const rule = context.req.valid("json");
    refuseOwnQuery(rule);
    const { fromMs, toMs } = backtestRange(context.req.valid("query"), now());
    const rules = compileRule(rule);
    if (rule.kind === "query" && toMs - fromMs > OWN_QUERY_PREVIEW_MAX_MS)
      throw invalid("from", "must be at most a day before to: a query of your own runs once for each minute");
    const signal = context.req.raw.signal;
    const { points, notifications, error } = await backtest(store, rules, { fromMs, toMs, signal });
    if (error !== "" && rule.kind === "query") throw invalid("sql", error);
    const [first] = rules;
    return context.json(
      {
        points: points.map(({ atMs, value, firing }) => ({ at: new Date(atMs).toISOString(), value, firing })),
        threshold: first?.rule.threshold ?? 0,
        thresholdText: first === undefined ? "" : thresholdText(first),
        thresholds: rules.map((one) => ({
          ruleId: one.rule.id,
          value: one.rule.threshold,
          text: thresholdText(one),
        })),
        unit: first?.about.unit ?? "number",
        messages: notifications.map(({ notification }) => ({
          at: new Date(notification.atMs).toISOString(),
          ruleId: notification.ruleId,
          kind: notification.kind,
          firing: notification.firingCount,
          resolved: notification.resolvedCount,
          labels: notification.alerts.map((alert) => ({ ...alert.labels })),
        })),
      },
      200,
    );
  });
}

/** @throws ApiError for a query that reads anything: it is for who may write the file */
export function refuseOwnQuery(rule: RuleInput): void {
  const refusal = rule.kind === "query" ? refusalOf(rule.sql) : undefined;
  if (refusal !== undefined) throw invalid("sql", refusal);
}

/** The range of a backtest, in milliseconds. */
function backtestRange(query: { from?: string | undefined; to?: string | undefined }, nowMs: number) {
  const range = timeRange(query, nowMs);
  const [fromMs, toMs] = [Date.parse(range.from), Date.parse(range.to)];
  if (toMs - fromMs > BACKTEST_RANGE_MAX_MS) throw invalid("from", "must be at most 31 days before to");
  return { fromMs, toMs };
}
