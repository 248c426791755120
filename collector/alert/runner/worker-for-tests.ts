/**
 * A collector's alerts as a process of their own, for tests that kill or stop it. Its clock runs as fast as it is
 * told, from an instant that all such processes share.
 */
import { connectStore } from "../../store/connection.ts";
import type { Endpoint } from "../../store/embedded.ts";
import { silentLog } from "../../store/log.ts";
import { Alerting } from "./alerting.ts";
import { openRuleBook } from "./rule-book.ts";

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
for (;;) {
  await alerting.turn();
  const { isEvaluating, lastTickMs } = alerting.status();
  process.stdout.write(`${JSON.stringify({ isEvaluating, lastTickMs })}\n`);
  await new Promise((settle) => setTimeout(settle, 100));
}
