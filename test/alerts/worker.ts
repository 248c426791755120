/**
 * A collector's alerts as a process of their own, for tests that kill or stop it. Its clock runs as fast as it is
 * told, from an instant that all such processes share.
 */
import { setInterval } from "node:timers/promises";
import { connectStore } from "../../collector/store/connection.ts";
import type { Endpoint } from "../../collector/store/embedded.ts";
import { silentLog } from "../../collector/store/log.ts";
import { Alerting } from "../../collector/alert/runner/alerting.ts";
import { openRuleBook } from "../../collector/alert/runner/rule-book.ts";

/** What the test passes as the one argument, as JSON. */
export interface WorkerOptions {
  readonly endpoint: Endpoint;
  readonly database: string;
  readonly rulesPath: string;
  readonly leaseMs: number;
  /** The simulated clock: `simulatedMs` at the wall clock's `realMs`, and from there `speed` times as fast. */
  readonly realMs: number;
  readonly simulatedMs: number;
  readonly speed: number;
}

/** Between two turns, milliseconds. */
const PACE_MS = 100;
const options = JSON.parse(process.argv[2] ?? "") as WorkerOptions;
const store = connectStore({ endpoint: () => options.endpoint, database: options.database });
const book = await openRuleBook({ store, path: options.rulesPath, env: {}, onProblems: () => undefined });
const alerting = new Alerting({
  store,
  log: { ...silentLog, warn: (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`) },
  book,
  baseUrl: "http://hop.example",
  allowPrivate: true,
  isExclusive: false,
  leaseMs: options.leaseMs,
  nowMs: () => options.simulatedMs + (Date.now() - options.realMs) * options.speed,
});
for await (const _ of setInterval(PACE_MS)) {
  await alerting.turn();
  const { isEvaluating, lastTickMs } = alerting.status();
  process.stdout.write(`${JSON.stringify({ isEvaluating, lastTickMs })}\n`);
}
