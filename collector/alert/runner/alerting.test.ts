/** The alerts of a running collector, with a real store and a real receiver. The clock is the test's. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { queryHistory } from "../../store/queries/alert-history.ts";
import { StoreError, type Store } from "../../store/store.ts";
import { silentLog } from "../../store/log.ts";
import type { SendResult } from "../channel/post.ts";
import type { AlertMessage } from "../message/message.ts";
import { fillFunctionMinutes } from "../sample/fill-minutes.ts";
import { EVALUATION_DELAY_MS } from "../sample/sampler.ts";
import { Alerting } from "./alerting.ts";
import { openRuleBook, readPack, type RuleBook } from "./rule-book.ts";

const T0 = Math.floor(Date.now() / 3_600_000) * 3600 - 8 * 3600;
const at = (n: number): number => T0 + n * 60;

const FILE = `
version: 1
channels: { ops: { type: webhook, url: "http://127.0.0.1:1/" } }
defaults: { notify: [ops] }
rules: [{ id: errors, kind: error-rate, threshold: 5%, window: 1m }]
`;

let db: TestStore;
let folder: string;
const closers: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "alerting-"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Bench {
  alerting: Alerting;
  book: RuleBook;
  sent: { id: string; kind: string; minute: number }[];
  /** Makes the evaluation of a minute, and sends what it decides. */
  minute: (n: number) => Promise<void>;
  answer: { send: (message: AlertMessage) => SendResult };
  clock: { nowMs: number };
}

async function open({
  store = db.store,
  file = FILE,
  isExclusive = true,
  name = "rules.yml",
}: { store?: Store; file?: string; isExclusive?: boolean; name?: string } = {}): Promise<Bench> {
  const path = join(folder, name);
  await writeFile(path, file);
  const clock = { nowMs: at(0) * 1000 };
  const book = await openRuleBook({
    store,
    path,
    env: {},
    onProblems: () => undefined,
    monotonicMs: () => clock.nowMs,
  });
  closers.push(() => book.close());
  const sent: Bench["sent"] = [];
  const answer: Bench["answer"] = { send: () => ({ ok: true }) };
  const alerting = new Alerting({
    store,
    log: silentLog,
    book,
    baseUrl: "http://hop.example",
    allowPrivate: true,
    isExclusive,
    leaseMs: 30_000,
    nowMs: () => clock.nowMs,
    monotonicMs: () => clock.nowMs,
    send: async (_, message) => {
      const result = answer.send(message);
      if (result.ok)
        sent.push({ id: message.id, kind: message.kind, minute: Math.floor((clock.nowMs / 1000 - T0) / 60) });
      return result;
    },
  });
  const minute = async (n: number): Promise<void> => {
    clock.nowMs = at(n) * 1000 + EVALUATION_DELAY_MS;
    await alerting.turn();
    await vi.waitFor(() => expect(alerting.status().lastTickMs).toBe(at(n) * 1000));
    await new Promise((settle) => setImmediate(settle));
    clock.nowMs += 1000;
    await alerting.turn();
  };
  return { alerting, book, sent, minute, answer, clock };
}
async function fresh(): Promise<void> {
  db = await createTestStore();
  closers.push(() => db.close());
}
const errors = (from: number, to: number) =>
  Array.from({ length: to }, (_, n) => ({ minute: at(n), errors: n >= from && n < to ? 50 : 0 }));

describe("a running collector", () => {
  it("tells the beginning and the end of an alert, and writes both into the history", async () => {
    await fresh();
    await fillFunctionMinutes(db.store, [
      ...errors(3, 8),
      ...Array.from({ length: 12 }, (_, n) => ({ minute: at(8 + n) })),
    ]);
    const { minute, sent, alerting } = await open();
    for (let n = 1; n < 15; n++) await minute(n);
    expect(sent.map(({ kind, minute: when }) => [kind, when])).toEqual([
      ["firing", 4],
      ["resolved", 9],
    ]);
    const history = await queryHistory(db.store, { fromMs: at(0) * 1000, toMs: at(20) * 1000, limit: 10 });
    expect(history.map(({ change, atMs }) => [change, (atMs / 1000 - T0) / 60])).toEqual([
      ["resolved", 9],
      ["fired", 4],
    ]);
    expect(alerting.status().waiting).toBe(0);
  });

  it("19: sends after a restart what was decided before it, under the same key", async () => {
    await fresh();
    await fillFunctionMinutes(db.store, errors(0, 10));
    const first = await open();
    const tried: string[] = [];
    first.answer.send = (message) => {
      tried.push(message.id);
      return { ok: false, error: "killed here" };
    };
    await first.minute(1);
    expect(new Set(tried).size).toBe(1);
    const second = await open();
    await second.minute(2);
    expect(second.sent.map((one) => one.id)).toEqual([...new Set(tried)]);
    await second.minute(3);
    expect(second.sent).toHaveLength(1);
  });

  it("22: retries with growing pauses, keeps the end after the beginning, and honours Retry-After", async () => {
    await fresh();
    await fillFunctionMinutes(db.store, [
      ...errors(1, 3),
      ...Array.from({ length: 30 }, (_, n) => ({ minute: at(3 + n) })),
    ]);
    const { minute, sent, answer, alerting } = await open();
    const tries: string[] = [];
    answer.send = (message) => {
      tries.push(message.kind);
      return { ok: false, error: "answered 500", retryAfterMs: 150_000 };
    };
    for (let n = 1; n <= 12; n++) await minute(n);
    expect(new Set(tries)).toEqual(new Set(["firing"]));
    expect(tries.length).toBeGreaterThan(2);
    expect(tries.length).toBeLessThan(6);
    expect(alerting.channelHealth().get("ops")).toMatchObject({ lastError: "answered 500", sent: 0 });
    answer.send = () => ({ ok: true });
    for (let n = 13; n <= 18; n++) await minute(n);
    expect(sent.map((one) => one.kind)).toEqual(["firing", "resolved"]);
  });

  it("14: says once for all rules that the database is down, and when it is back", async () => {
    await fresh();
    await fillFunctionMinutes(
      db.store,
      Array.from({ length: 40 }, (_, n) => ({ minute: at(n) })),
    );
    let isDown = false;
    const flaky: Store = {
      ...db.store,
      query: (...args) =>
        isDown ? Promise.reject(new StoreError("down", { retryable: true })) : db.store.query(...args),
      command: (...args) =>
        isDown ? Promise.reject(new StoreError("down", { retryable: true })) : db.store.command(...args),
      insertNative: (...args) =>
        isDown ? Promise.reject(new StoreError("down", { retryable: true })) : db.store.insertNative(...args),
    };
    const two = FILE.replace("rules: [", "rules: [{ id: timeouts, kind: timeouts, threshold: 1 }, ");
    const { minute, sent } = await open({ store: flaky, file: two });
    await minute(1);
    isDown = true;
    for (let n = 2; n <= 15; n++) await minute(n);
    expect(sent.map(({ kind, minute: when }) => [kind, when])).toEqual([["broken", 12]]);
    isDown = false;
    for (let n = 16; n <= 18; n++) await minute(n);
    expect(sent.map((one) => one.kind)).toEqual(["broken", "working"]);
  });

  it("29: tells the end of the alerts of a rule that was deleted while it was down", async () => {
    await fresh();
    await fillFunctionMinutes(db.store, errors(0, 10));
    const first = await open();
    await first.minute(1);
    expect(first.sent.map((one) => one.kind)).toEqual(["firing"]);
    const second = await open({ file: FILE.replace("id: errors", "id: other").replace("5%", "99%") });
    await second.minute(2);
    expect(second.sent.map((one) => one.kind)).toEqual(["resolved"]);
  });

  it("32: goes on evaluating when the clock is put back, without a storm", async () => {
    await fresh();
    await fillFunctionMinutes(db.store, errors(0, 60));
    const { minute, sent, clock, alerting } = await open();
    for (let n = 20; n < 25; n++) await minute(n);
    clock.nowMs = at(12) * 1000 + EVALUATION_DELAY_MS;
    await alerting.turn();
    expect(sent.map((one) => one.kind)).toEqual(["firing"]);
  });

  it("31: leaves the evaluation to the collector that holds the lease, and takes over when that falls silent", async () => {
    await fresh();
    await fillFunctionMinutes(db.store, errors(0, 60));
    const first = await open({ isExclusive: false });
    const second = await open({ isExclusive: false });
    await first.minute(1);
    second.clock.nowMs = first.clock.nowMs;
    await second.alerting.turn();
    expect([first, second].map(({ alerting }) => alerting.status().isEvaluating)).toEqual([true, false]);
    expect(second.alerting.states().get("errors")?.last).toBeDefined();
    await first.alerting.close();
    await second.minute(2);
    expect(second.alerting.status().isEvaluating).toBe(true);
    expect([...first.sent, ...second.sent].map((one) => one.kind)).toEqual(["firing"]);
  });

  it("takes rules and silences of the API into account at the next evaluation", async () => {
    await fresh();
    await fillFunctionMinutes(
      db.store,
      errors(0, 60).map((one) => ({ ...one, timeouts: 5 })),
    );
    const { minute, sent, book } = await open({
      file: FILE.replace("error-rate, threshold: 5%", "error-rate, threshold: 99%"),
    });
    await minute(1);
    await book.putRule({ id: "late", kind: "timeouts", threshold: 1 });
    await book.putSilence({ id: "quiet", matchers: { rule: "late" }, until: new Date(at(4) * 1000).toISOString() });
    await minute(2);
    expect(sent).toEqual([]);
    await minute(4);
    expect(sent.map(({ id, minute: when }) => [id.split("/")[0], when])).toEqual([["late", 4]]);
    expect(await book.deleteRule("late")).toBe(true);
    expect(await book.deleteRule("errors")).toBe(false);
    await minute(5);
    expect(sent.map((one) => one.kind)).toEqual(["firing", "resolved"]);
  });

  it.for(["serverless", "demo"] as const)("evaluates the ready-made rules: %s", async (name) => {
    await fresh();
    await fillFunctionMinutes(
      db.store,
      errors(0, 60).map((one) => ({ ...one, errors: 90 })),
    );
    const path = join(folder, "none.yml");
    const book = await openRuleBook({
      store: db.store,
      path,
      env: {},
      pack: readPack(name),
      onProblems: () => undefined,
    });
    closers.push(() => book.close());
    const alerting = new Alerting({
      store: db.store,
      log: silentLog,
      book,
      baseUrl: "",
      allowPrivate: false,
      isExclusive: true,
      nowMs: () => at(5) * 1000 + EVALUATION_DELAY_MS,
    });
    await alerting.turn();
    expect([...alerting.states()].filter(([, state]) => state.health.error !== "")).toEqual([]);
    expect(alerting.states().get("function-errors")?.last.firing).toBe(1);
    await alerting.close();
  });
});
