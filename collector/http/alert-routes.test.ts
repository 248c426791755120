/** `/api/alerts` over a real store: what the page and scripts get. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenAPIHono } from "@hono/zod-openapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  alertChannelsSchema,
  alertCheckSchema,
  alertHistorySchema,
  alertOverviewSchema,
  alertPreviewSchema,
  alertSilencesSchema,
} from "../../schema/alert-api.ts";
import { readExposition } from "../../test/support/exposition.ts";
import { createTestStore, type TestStore } from "../../test/support/test-store.ts";
import { Alerting } from "../alert/runner/alerting.ts";
import { openRuleBook, type RuleBook } from "../alert/runner/rule-book.ts";
import { fillFunctionMinutes } from "../alert/sample/fill-minutes.ts";
import { EVALUATION_DELAY_MS } from "../alert/sample/sampler.ts";
import { silentLog } from "../store/log.ts";
import { alertRoutes } from "./alert-routes.ts";
import { alertMetrics } from "./alert-status.ts";
import { answerError } from "./api-error.ts";

const T0 = Math.floor(Date.now() / 3_600_000) * 3600 - 3 * 3600;
const FILE = `
version: 1
channels: { ops: { type: webhook, url: "https://hooks.example/T0K3N", secret: s3cret } }
rules: [{ id: errors, name: Function fails, kind: error-rate, threshold: 5%, window: 1m, notify: [ops] }]
silences: [{ id: nights, matchers: { team: x }, weekly: { days: [mon], from: "01:00", to: "02:00" } }]
`;

let db: TestStore;
let folder: string;
let book: RuleBook;
let alerting: Alerting;
let app: OpenAPIHono;
let nowMs = T0 * 1000;

beforeAll(async () => {
  db = await createTestStore();
  folder = await mkdtemp(join(tmpdir(), "alert-routes-"));
  const path = join(folder, "hopscope.alerts.yml");
  await writeFile(path, FILE);
  book = await openRuleBook({ store: db.store, path, env: {}, onProblems: () => undefined });
  alerting = new Alerting({
    store: db.store,
    log: silentLog,
    book,
    baseUrl: "",
    allowPrivate: false,
    isExclusive: true,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    send: async () => ({ ok: false, error: "answered 500" }),
  });
  app = new OpenAPIHono();
  app.onError(answerError);
  app.route("/", alertRoutes({ store: db.store, now: () => nowMs, alerting, book }));
  await fillFunctionMinutes(
    db.store,
    Array.from({ length: 30 }, (_, n) => ({ minute: T0 + n * 60, errors: n < 10 ? 0 : 50 })),
  );
  for (const n of [9, 10, 11]) {
    nowMs = (T0 + n * 60) * 1000 + EVALUATION_DELAY_MS;
    await alerting.turn();
  }
});
afterAll(async () => {
  await alerting.close();
  book.close();
  await rm(folder, { recursive: true });
  await db.close();
});

const get = async (path: string): Promise<unknown> => (await app.request(path)).json();
const sendJson = (method: string, path: string, body: unknown, headers = {}) =>
  app.request(path, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

describe("/api/alerts", () => {
  it("lists rules with their states and the alerts that fire", async () => {
    const overview = alertOverviewSchema.parse(await get("/api/alerts"));
    expect(overview).toMatchObject({ firing: 1, isEvaluating: true, problems: [] });
    expect(overview.rules[0]).toMatchObject({
      id: "errors",
      state: "firing",
      thresholdText: "above 5%",
      window: "1 min",
    });
    expect(overview.rules[0]?.alerts[0]).toMatchObject({
      labels: { service: "shop", function: "pay" },
      valueText: "50%",
      mutedBy: null,
    });
  });

  it("has the history", async () => {
    const range = `from=${new Date(T0 * 1000).toISOString()}&to=${new Date((T0 + 7200) * 1000).toISOString()}`;
    const { changes } = alertHistorySchema.parse(await get(`/api/alerts/history?${range}`));
    expect(changes).toMatchObject([{ ruleId: "errors", change: "fired", valueText: "50%" }]);
  });

  it("says where the history has more than was asked for", async () => {
    const columns = "(at, rule_id, change, condition, labels, window_end, past)";
    const rows = [1, 2, 3].map((n) => `(${String(T0 + 86_400 + n)}, 'other', 'fired', 'value', '{}', ${String(T0)}, 0)`);
    await db.store.command(`INSERT INTO alert_history ${columns} VALUES ${rows.join(", ")}`);
    const at = (n: number) => new Date((T0 + 86_400 + n) * 1000).toISOString();
    const range = `from=${at(0)}&to=${at(9)}`;
    const cut = alertHistorySchema.parse(await get(`/api/alerts/history?${range}&limit=2`));
    expect(cut).toMatchObject({ changes: [{ at: at(3) }, { at: at(2) }], truncated: { limit: "changes", value: 2 } });
    const whole = alertHistorySchema.parse(await get(`/api/alerts/history?${range}&limit=3`));
    expect(whole.changes).toHaveLength(3);
    expect(whole).not.toHaveProperty("truncated");
  });

  it("shows channels and their failures, and no secret", async () => {
    await alerting.turn();
    const body = alertChannelsSchema.parse(await get("/api/alerts/channels"));
    expect(body.channels[0]).toMatchObject({
      name: "ops",
      type: "webhook",
      target: "hooks.example",
      lastError: "answered 500",
    });
    const all = JSON.stringify([body, await get("/api/alerts"), alertMetrics(alerting, book)]);
    expect(all).not.toMatch(/s3cret|T0K3N/);
  });

  it("tests a channel", async () => {
    const response = await app.request("/api/alerts/channels/ops/test", { method: "POST" });
    expect(await response.json()).toEqual({ ok: false, error: "answered 500" });
    const { channels } = alertChannelsSchema.parse(await get("/api/alerts/channels"));
    expect(channels[0]).toMatchObject({ lastErrorAt: new Date(nowMs).toISOString(), givenUp: 0 });
    expect((await app.request("/api/alerts/channels/none/test", { method: "POST" })).status).toBe(404);
  });

  it("makes and deletes rules, and leaves those of the file alone", async () => {
    const rule = { id: "slow", kind: "duration", threshold: "1s" };
    expect((await sendJson("PUT", "/api/alerts/rules/slow", rule)).status).toBe(200);
    expect(
      alertOverviewSchema
        .parse(await get("/api/alerts"))
        .rules.map((one) => [one.id, one.origin])
        .sort(),
    ).toEqual([
      ["errors", "file"],
      ["slow", "api"],
    ]);
    expect((await app.request("/api/alerts/rules/slow", { method: "DELETE" })).status).toBe(200);
    expect((await app.request("/api/alerts/rules/errors", { method: "DELETE" })).status).toBe(404);
  });

  it.for([
    ["a threshold that is none", { id: "x", kind: "duration", threshold: "soon" }, "threshold"],
    ["another id than the path's", { id: "y", kind: "timeouts", threshold: 1 }, "id"],
    ["the id of a rule of the file", { id: "errors", kind: "timeouts", threshold: 1 }, "id"],
    ["a query of its own", { id: "x", kind: "query", sql: "SELECT file('/etc/passwd') AS value", threshold: 1 }, "sql"],
    ["a channel that is not there", { id: "x", kind: "timeouts", threshold: 1, notify: ["none"] }, "notify"],
  ] as const)("refuses a rule with %s, naming the field", async ([, rule, field]) => {
    const path = rule.id === "errors" ? "errors" : "x";
    const response = await sendJson("PUT", `/api/alerts/rules/${path}`, rule);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid", field } });
  });

  it.for([
    ["text that is no JSON", '{"id": "x",', "application/json"],
    ["another content type", '{"id":"x","kind":"timeouts","threshold":1}', "text/plain"],
    ["nothing", undefined, "application/json"],
  ] as const)("refuses a body of %s with 400 and what it should be", async ([, body, type]) => {
    const init = { method: "PUT", ...(body !== undefined && { body }), headers: { "content-type": type } };
    const response = await app.request("/api/alerts/rules/x", init);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid", message: expect.stringContaining("JSON") as string } });
  });

  it("says what it got where a member is wrong", async () => {
    const response = await sendJson("PUT", "/api/alerts/rules/x", { id: "x", kind: "duration", threshold: "banana" });
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('(got "banana")') as string } });
  });

  it.for<[kind: string, fields: Record<string, unknown>]>([
    ["error-rate", { threshold: "5%", recover: "3%" }],
    ["errors", { threshold: 3 }],
    ["timeouts", { threshold: 1 }],
    ["cold-start-rate", { threshold: "50%" }],
    ["duration", { threshold: "1s", quantile: "p99" }],
    ["init-duration", { threshold: "1s", quantile: "p50" }],
    ["throughput-drop", { threshold: "50%", baseline: "30m" }],
    ["no-data", {}],
    ["expected", { threshold: 1, scope: { function: "pay" } }],
    ["dead-letters", { threshold: 1 }],
    ["queue-wait", { threshold: "30s" }],
    ["attempts", { threshold: 3 }],
    ["memory", { threshold: "90%" }],
    ["cost", { threshold: 1, pricePerGbSecond: 0.1 }],
    ["slo-burn", { objective: "99.9%" }],
    ["query", { threshold: 1, sql: "SELECT count() AS value FROM spans WHERE start_time >= {from:DateTime}" }],
  ])("previews, takes, shows and deletes a rule of the kind %s", async ([kind, fields]) => {
    const rule = { id: "any", kind, ...fields };
    const from = new Date((T0 + 540) * 1000).toISOString();
    const answer = await sendJson("POST", `/api/alerts/preview?from=${from}`, rule);
    expect(answer.status).toBe(200);
    const preview = alertPreviewSchema.parse(await answer.json());
    expect(preview.points.length).toBeGreaterThan(1);
    expect(preview.thresholds).toHaveLength(kind === "slo-burn" ? 3 : 1);
    expect((await sendJson("PUT", "/api/alerts/rules/any", rule)).status).toBe(200);
    const { rules } = alertOverviewSchema.parse(await get("/api/alerts"));
    expect(rules.find((one) => one.sourceId === "any")?.definition).toEqual(rule);
    expect((await app.request("/api/alerts/rules/any", { method: "DELETE" })).status).toBe(200);
  });

  it("gives editors the schema of the rules file", async () => {
    expect(await get("/api/alerts/schema.json")).toMatchObject({ $id: "hopscope.alerts.schema.json", type: "object" });
  });

  it("says what is wrong with a query when it is tried, not when it should fire", async () => {
    const from = new Date((T0 + 540) * 1000).toISOString();
    const rule = { id: "x", kind: "query", threshold: 1, sql: "SELECT count() AS value FROM nowhere" };
    const answer = await sendJson("POST", `/api/alerts/preview?from=${from}`, rule);
    expect(await answer.json()).toMatchObject({ error: { field: "sql", message: expect.stringContaining("nowhere") } });
  });

  it("refuses a change that a page of another site asks for", async () => {
    const foreign = { origin: "https://evil.example", host: "localhost:4318" };
    const response = await sendJson(
      "PUT",
      "/api/alerts/rules/x",
      { id: "x", kind: "timeouts", threshold: 1 },
      foreign,
    );
    expect(response.status).toBe(400);
    expect((await app.request("/api/alerts/channels/ops/test", { method: "POST", headers: foreign })).status).toBe(
      400,
    );
  });

  it("makes a silence, shows that it mutes, and ends it", async () => {
    const silence = {
      id: "now",
      matchers: { function: "pay" },
      until: new Date(nowMs + 3_600_000).toISOString(),
      comment: "deploy",
    };
    expect((await sendJson("PUT", "/api/alerts/silences/now", silence)).status).toBe(200);
    const { silences } = alertSilencesSchema.parse(await get("/api/alerts/silences"));
    expect(silences.map(({ id, active, recurring, fromFile }) => ({ id, active, recurring, fromFile }))).toEqual([
      { id: "nights", active: false, recurring: true, fromFile: true },
      { id: "now", active: true, recurring: false, fromFile: false },
    ]);
    expect(alertOverviewSchema.parse(await get("/api/alerts")).rules[0]?.alerts[0]?.mutedBy).toBe("now");
    expect((await app.request("/api/alerts/silences/now", { method: "DELETE" })).status).toBe(200);
    expect((await app.request("/api/alerts/silences/nights", { method: "DELETE" })).status).toBe(404);
  });

  it("previews when a rule would have fired, over the metric", async () => {
    const range = `from=${new Date(T0 * 1000).toISOString()}&to=${new Date((T0 + 1200) * 1000).toISOString()}`;
    const response = await sendJson("POST", `/api/alerts/preview?${range}`, {
      id: "x",
      kind: "error-rate",
      threshold: "20%",
      window: "1m",
    });
    const preview = alertPreviewSchema.parse(await response.json());
    expect(preview.points).toHaveLength(21);
    expect(preview.threshold).toBe(0.2);
    expect(preview.messages).toMatchObject([
      { kind: "firing", at: new Date((T0 + 660) * 1000).toISOString(), labels: [{ function: "pay" }] },
    ]);
  });

  it("checks a rules file: its problems, or what it would have told", async () => {
    const range = `from=${new Date(T0 * 1000).toISOString()}&to=${new Date((T0 + 1200) * 1000).toISOString()}`;
    const check = async (file: string) =>
      alertCheckSchema.parse(await (await sendJson("POST", `/api/alerts/check?${range}`, { file })).json());
    expect((await check(FILE.replace("5%", "x"))).problems).toMatchObject([{ line: 4, field: "rules[0].threshold" }]);
    const { messages, rules } = await check(FILE);
    expect(rules).toBe(1);
    expect(messages).toEqual([
      {
        at: new Date((T0 + 660) * 1000).toISOString(),
        ruleId: "errors",
        kind: "firing",
        title: "[FIRING] Function fails: pay (shop): error rate 50% (above 5% fires)",
      },
    ]);
  });

  it("says in /metrics what fires and which channel fails", () => {
    const values = readExposition(alertMetrics(alerting, book));
    expect(values.get('hopscope_alert_rule_firing{rule="errors"}')).toBe(1);
    expect(values.get('hopscope_alert_channel_failing{channel="ops"}')).toBe(1);
  });
});
