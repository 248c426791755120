/** `/api/alerts`: rules with their states, history, silences, channels, and what a rule would have told. */
import { createRoute, z, type OpenAPIHono } from "@hono/zod-openapi";
import {
  alertChannelsSchema,
  alertHistorySchema,
  alertOverviewSchema,
  alertSilencesSchema,
  alertTestSchema,
} from "../../schema/alert-api.ts";
import { ruleSchema, silenceSchema } from "../../schema/alert-rules.ts";
import { integerParameter, timeRangeQuerySchema } from "../../schema/api.ts";
import { describeChannel } from "../alert/channel/send.ts";
import { formatValue } from "../alert/message/format.ts";
import type { Alerting } from "../alert/runner/alerting.ts";
import type { RuleBook } from "../alert/runner/rule-book.ts";
import { compileSilence, isActive, weeklyText } from "../alert/rules/silences.ts";
import { queryHistory } from "../store/queries/alert-history.ts";
import { previewRoutes, refuseOwnQuery } from "./alert-preview.ts";
import { describeRules } from "./alert-status.ts";
import { ApiError, invalid } from "./api-error.ts";
import { apiRouter, ERROR_ANSWERS, jsonAnswer, NOT_FOUND_ANSWER, type ApiContext } from "./api-router.ts";
import { timeRange } from "./time-range.ts";

/** Changes in one answer. */
const HISTORY_MAX = 1_000;

/** The rules that the routes show and change, and what evaluates them. */
export interface AlertRoutesOptions extends ApiContext {
  readonly alerting: Alerting;
  readonly book: RuleBook;
}

const idParams = z.object({ id: z.string().min(1).max(100).describe("Its id.") });
const jsonBody = <Schema>(schema: Schema) => ({ required: true, content: { "application/json": { schema } } });
const doneAnswer = jsonAnswer("Done.", z.object({ ok: z.literal(true) }));
const route = createRoute;

const overviewRoute = route({
  method: "get",
  path: "/api/alerts",
  summary: "Alert rules with their states",
  responses: { 200: jsonAnswer("Every rule in force.", alertOverviewSchema), ...ERROR_ANSWERS },
});
const historyRoute = route({
  method: "get",
  path: "/api/alerts/history",
  summary: "When alerts began and ended, newest first",
  request: {
    query: timeRangeQuerySchema.extend({
      rule: z.string().max(200).optional().describe("A rule's id; without it the changes of all."),
      limit: integerParameter(1, HISTORY_MAX).default(200).describe("Changes of the answer."),
    }),
  },
  responses: { 200: jsonAnswer("Changes.", alertHistorySchema), ...ERROR_ANSWERS },
});
const channelsRoute = route({
  method: "get",
  path: "/api/alerts/channels",
  summary: "Channels and how they do; never their secrets",
  responses: { 200: jsonAnswer("Channels.", alertChannelsSchema), ...ERROR_ANSWERS },
});
const testRoute = route({
  method: "post",
  path: "/api/alerts/channels/{id}/test",
  summary: "Sends a test message",
  request: { params: idParams },
  responses: { 200: jsonAnswer("What the channel said.", alertTestSchema), ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});
const silencesRoute = route({
  method: "get",
  path: "/api/alerts/silences",
  summary: "Silences",
  responses: { 200: jsonAnswer("Silences of the file and of the API.", alertSilencesSchema), ...ERROR_ANSWERS },
});
const putSilenceRoute = route({
  method: "put",
  path: "/api/alerts/silences/{id}",
  summary: "Makes or changes a silence",
  request: { params: idParams, body: jsonBody(silenceSchema) },
  responses: { 200: doneAnswer, ...ERROR_ANSWERS },
});
const deleteSilenceRoute = route({
  method: "delete",
  path: "/api/alerts/silences/{id}",
  summary: "Ends a silence that was made through the API",
  request: { params: idParams },
  responses: { 200: doneAnswer, ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});
const putRuleRoute = route({
  method: "put",
  path: "/api/alerts/rules/{id}",
  summary: "Makes or changes a rule",
  request: { params: idParams, body: jsonBody(ruleSchema) },
  responses: { 200: doneAnswer, ...ERROR_ANSWERS },
});
const deleteRuleRoute = route({
  method: "delete",
  path: "/api/alerts/rules/{id}",
  summary: "Deletes a rule that was made through the API",
  request: { params: idParams },
  responses: { 200: doneAnswer, ...ERROR_ANSWERS, ...NOT_FOUND_ANSWER },
});
/** The routes of alerts. */
export function alertRoutes(options: AlertRoutesOptions): OpenAPIHono {
  const app = apiRouter();
  app.use("/api/alerts/*", async (context, next) => {
    refuseForeignOrigin(context.req.method, context.req.header("origin"), context.req.header("host"));
    refuseOtherThanJson(context.req.header("content-type"));
    await next();
  });
  readRoutes(app, options);
  silenceRoutes(app, options);
  ruleRoutes(app, options);
  previewRoutes(app, options);
  return app;
}

function readRoutes(app: OpenAPIHono, { store, alerting, book, now }: AlertRoutesOptions): void {
  app.openapi(overviewRoute, async (context) => {
    await book.refresh();
    const status = alerting.status();
    const rules = describeRules(book, alerting, now());
    return context.json(
      {
        rules,
        firing: rules.reduce((sum, rule) => sum + rule.firing, 0),
        isEvaluating: status.isEvaluating,
        evaluatedAt: instantOf(status.lastTickMs),
        file: book.filePath(),
        problems: [...book.problems()],
      },
      200,
    );
  });
  app.openapi(historyRoute, async (context) => {
    const { rule, limit, ...query } = context.req.valid("query");
    const range = timeRange(query, now());
    const rows = await queryHistory(store, {
      fromMs: Date.parse(range.from),
      toMs: Date.parse(range.to),
      ruleId: rule,
      limit: limit + 1,
    });
    const units = new Map(book.rules().map((one) => [one.rule.id, one.about.unit]));
    const changes = rows.slice(0, limit).map(({ atMs, windowEndMs, ...row }) => ({
      ...row,
      at: new Date(atMs).toISOString(),
      windowEnd: new Date(windowEndMs).toISOString(),
      valueText: formatValue(row.value, units.get(row.ruleId) ?? "number"),
    }));
    const truncated = rows.length > limit && { truncated: { limit: "changes", value: limit } };
    return context.json({ changes, ...truncated }, 200);
  });
  app.openapi(channelsRoute, (context) => {
    const health = alerting.channelHealth();
    const channels = [...book.channels()].map(([name, channel]) => {
      const one = health.get(name);
      return {
        name,
        type: channel.type,
        target: describeChannel(channel),
        lastOkAt: instantOf(one?.lastOkMs ?? 0),
        lastErrorAt: instantOf(one?.lastErrorMs ?? 0),
        lastError: one?.lastError ?? "",
        sent: one?.sent ?? 0,
        failedTries: one?.failedTries ?? 0,
        givenUp: one?.givenUp ?? 0,
      };
    });
    return context.json({ channels, waiting: alerting.status().waiting }, 200);
  });
  app.openapi(testRoute, async (context) => {
    const { id } = context.req.valid("param");
    const result = await alerting.testChannel(id);
    if (result === undefined) throw new ApiError("not-found", `There is no channel "${id}".`);
    return context.json(result.ok ? { ok: true, error: "" } : { ok: false, error: result.error }, 200);
  });
}

function silenceRoutes(app: OpenAPIHono, { book, now }: AlertRoutesOptions): void {
  app.openapi(silencesRoute, async (context) => {
    await book.refresh();
    const silences = book.silences().map((silence) => ({
      id: silence.id,
      matchers: Object.fromEntries(silence.matchers.map(({ label, pattern }) => [label, pattern])),
      from: instantOf(silence.fromMs),
      until: silence.untilMs === Number.MAX_SAFE_INTEGER ? null : instantOf(silence.untilMs),
      recurring: silence.weekly !== null,
      weekly: silence.weekly && weeklyText(silence.weekly),
      active: isActive(silence, now()),
      comment: silence.comment,
      fromFile: book.isFromFile(silence.id),
    }));
    return context.json({ silences }, 200);
  });
  app.openapi(putSilenceRoute, async (context) => {
    const silence = context.req.valid("json");
    sameId(context.req.valid("param").id, silence.id);
    if (book.isFromFile(silence.id)) throw invalid("id", `"${silence.id}" is in the rules file; change it there`);
    try {
      compileSilence(silence);
    } catch {
      throw invalid("weekly.timeZone", `"${silence.weekly?.timeZone ?? ""}" is no time zone`);
    }
    await book.putSilence(silence);
    return context.json({ ok: true as const }, 200);
  });
  app.openapi(deleteSilenceRoute, async (context) => {
    const { id } = context.req.valid("param");
    if (!(await book.deleteSilence(id)))
      throw new ApiError("not-found", `No silence "${id}" was made through the API.`);
    return context.json({ ok: true as const }, 200);
  });
}

function ruleRoutes(app: OpenAPIHono, { book }: AlertRoutesOptions): void {
  app.openapi(putRuleRoute, async (context) => {
    const rule = context.req.valid("json");
    sameId(context.req.valid("param").id, rule.id);
    refuseOwnQuery(rule);
    const clash = book.rules().find((one) => one.sourceId === rule.id && one.origin !== "api");
    if (clash !== undefined)
      throw invalid(
        "id",
        `"${rule.id}" is a rule of the ${clash.origin === "file" ? "rules file; change it there" : "ready-made set"}`,
      );
    const unknown = (rule.notify ?? []).find((name) => !book.channels().has(name));
    if (unknown !== undefined) throw invalid("notify", `there is no channel "${unknown}"`);
    await book.putRule(rule);
    return context.json({ ok: true as const }, 200);
  });
  app.openapi(deleteRuleRoute, async (context) => {
    const { id } = context.req.valid("param");
    if (!(await book.deleteRule(id))) throw new ApiError("not-found", `No rule "${id}" was made through the API.`);
    return context.json({ ok: true as const }, 200);
  });
}

/** A body of another type would not be looked at. */
function refuseOtherThanJson(contentType: string | undefined): void {
  if (contentType === undefined || /^application\/json\b/i.test(contentType)) return;
  throw invalid("content-type", `must be application/json, for a body of JSON (got ${contentType.slice(0, 100)})`);
}

/** A page of another site must not change anything here by a reader's browser. */
function refuseForeignOrigin(method: string, origin: string | undefined, host: string | undefined): void {
  if (method === "GET" || method === "HEAD" || origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host) throw invalid("Origin", "must be the collector's own");
}

function sameId(inPath: string, inBody: string): void {
  if (inPath !== inBody) throw invalid("id", `must be "${inPath}", as in the path`);
}

function instantOf(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}
