/** Row 39: a backtest tells what the live engine told, minute for minute, late data and all. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { silentLog } from "../../collector/store/log.ts";
import { fillFunctionMinutes, type FunctionMinute } from "../../collector/alert/sample/fill-minutes.ts";
import { EVALUATION_DELAY_MS } from "../../collector/alert/sample/sampler.ts";
import { Alerting } from "../../collector/alert/runner/alerting.ts";
import { backtest } from "../../collector/alert/runner/backtest.ts";
import { openRuleBook } from "../../collector/alert/runner/rule-book.ts";

const MINUTES = 115;
const T0 = Math.floor(Date.now() / 3_600_000) * 3600 - 6 * 3600;
const at = (n: number): number => T0 + n * 60;

const FILE = `
version: 1
channels: { ops: { type: webhook, url: "http://127.0.0.1:1/" } }
defaults: { notify: [ops] }
rules:
  - { id: errors, kind: error-rate, threshold: 20%, recover: 10%, window: 3m, for: 2m, keepFiring: 3m }
  - { id: slow, kind: duration, threshold: 300ms, window: 2m, minVolume: 1, messages: { by: [function] } }
  - { id: timeouts, kind: timeouts, threshold: 2, window: 2m }
  - { id: drop, kind: throughput-drop, threshold: 40%, window: 2m, baseline: 20m }
  - { id: silent, kind: no-data, window: 3m }
  - { id: tenant, kind: error-rate, threshold: 20%, window: 2m, scope: { attributes: { tenant: acme } } }
  - { id: slo, kind: slo-burn, objective: 99%, tiers: [{ name: fast, long: 20m, short: 3m, burn: 10 }] }
inhibit: [{ source: { rule: errors }, target: { rule: slow }, equal: [function] }]
`;

/** Two and a half hours of three functions, of which one comes late and one falls silent, with a fixed seed. */
function history(): FunctionMinute[] {
  let seed = 42;
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  const rows: FunctionMinute[] = [];
  for (let n = 0; n < MINUTES; n++) {
    for (const name of ["pay", "refund", "stock"]) {
      if (name === "stock" && n > 90 && n < 110) continue;
      const isBad = Math.floor(n / 17) % 3 === 1 && name !== "stock";
      const late = name === "refund" ? 1 + Math.floor(random() * 3) : random() < 0.05 ? 7 : 0;
      rows.push({
        minute: at(n),
        seenAt: at(n + 1 + late),
        function: name,
        service: name,
        invocations: (Math.round(60 + random() * 60) * (n % 50 > 44 ? 0.2 : 1)) | 0,
        errors: isBad ? Math.round(random() * 12) * 2 : 0,
        timeouts: random() < 0.03 ? 3 : 0,
        durations: [100 + random() * (isBad ? 600 : 150), 120],
      });
    }
  }
  return rows;
}

let db: TestStore;
let folder: string;
beforeAll(async () => {
  db = await createTestStore();
  folder = await mkdtemp(join(tmpdir(), "backtest-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await db.close();
});

/** The spans behind rows, for the rule that reads spans; the rollups have them from {@link fillFunctionMinutes}. */
async function fillSpans(rows: readonly FunctionMinute[]): Promise<void> {
  if (rows.length === 0) return;
  await db.store.command(
    `INSERT INTO spans (trace_id, span_ids, start_time, seen_after, duration_ns, kind, status_code, service_name, faas_name, faas_trigger, attributes_string)
     SELECT randomFixedString(16), randomFixedString(8), toDateTime64(JSONExtractUInt(row, 'minute'), 9),
       JSONExtractUInt(row, 'seenAfter'), 1000000, 2, if(number < JSONExtractUInt(row, 'errors'), 2, 0),
       JSONExtractString(row, 'service'), JSONExtractString(row, 'service'), 'http', map('tenant', 'acme')
     FROM numbers(200)
     ARRAY JOIN JSONExtractArrayRaw({rows:String}) AS row
     WHERE number < JSONExtractUInt(row, 'invocations')`,
    { rows: JSON.stringify(rows.map((row) => ({ ...row, seenAfter: ((row.seenAt ?? 0) - row.minute) / 60 }))) },
  );
}

describe("39: a backtest", () => {
  it("equals, minute for minute, what the live engine told as the data came in", { timeout: 300_000 }, async () => {
    const path = join(folder, "rules.yml");
    await writeFile(path, FILE);
    const book = await openRuleBook({ store: db.store, path, env: {}, onProblems: () => undefined });
    let nowMs = 0;
    const live: string[] = [];
    const alerting = new Alerting({
      store: db.store,
      log: silentLog,
      book,
      baseUrl: "",
      allowPrivate: true,
      isExclusive: true,
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      send: async (_, message) => {
        const alerts = message.alerts.map(
          (one) => `${one.labels["function"] ?? one.labels["service"]} ${one.status} ${one.reason ?? ""}`,
        );
        live.push(`${message.at} ${message.incident.split("/")[0]} ${message.kind} ${alerts.sort().join(", ")}`);
        return { ok: true };
      },
    });
    const rows = history();
    for (let n = 1; n < MINUTES; n++) {
      // What arrives is stored only now: the live engine cannot see the future by mistake.
      await fillFunctionMinutes(
        db.store,
        rows.filter((row) => row.seenAt === at(n)),
      );
      // Spans come a quarter of an hour at once; those that are yet to be seen must not be counted.
      if (n % 15 === 1)
        await fillSpans(rows.filter(({ seenAt = 0 }) => seenAt >= at(n) && seenAt < at(n + 15)));
      nowMs = at(n) * 1000 + EVALUATION_DELAY_MS;
      await alerting.turn();
    }
    nowMs += 1000;
    await alerting.turn();
    await alerting.close();
    const range = { fromMs: at(1) * 1000, toMs: at(MINUTES - 1) * 1000, inhibitions: book.inhibitions() };
    const { notifications, points } = await backtest(db.store, book.rules(), range);
    book.close();
    const again = notifications.map(({ notification }) => {
      const alerts = notification.alerts.map(
        (one) => `${one.labels["function"] ?? one.labels["service"]} ${one.status} ${one.reason ?? ""}`,
      );
      return `${new Date(notification.atMs).toISOString()} ${notification.ruleId} ${notification.kind} ${alerts.sort().join(", ")}`;
    });
    expect(again.length).toBeGreaterThan(20);
    expect(again.sort()).toEqual(live.sort());
    expect(new Set(live.map((line) => line.split(" ")[1]))).toEqual(
      new Set(["errors", "slow", "timeouts", "drop", "silent", "tenant", "slo.fast"]),
    );
    expect(points).toHaveLength(MINUTES - 1);
  });
});
