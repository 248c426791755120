/**
 * `npm run bench -- alerts`: 500 rules of every kind over 1,000 functions and 200 queues, evaluated once a minute,
 * alone and beside OTLP that this very process takes in, as a collector does. Every rule makes a series of every
 * function or queue in its scope. Beside the wall clock stands the processor time of this process and its store.
 */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuleInput } from "../../schema/alert-rules.ts";
import type { RuleState } from "../../collector/alert/engine/types.ts";
import { evaluateExplained } from "../../collector/alert/runner/evaluate-explained.ts";
import type { CompiledRule } from "../../collector/alert/rules/compiled.ts";
import { compileRule } from "../../collector/alert/rules/compile-rule.ts";
import { takeSamples } from "../../collector/alert/sample/sampler.ts";
import { DependencyReader } from "../../collector/alert/upstream/load.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp } from "../../collector/http/serve.ts";
import { openReceiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";
import type { Load, LoadResult } from "../ingest/sender.ts";

const RULES = 500;
const FUNCTIONS = 1_000;
const QUEUES = 200;
/** Of rollup rows: how far back rules about silence look. */
const HOURS = 24;
/** Hours that one insert fills. */
const FILL_HOURS = 6;
const EVALUATIONS = 7;
/** Own queries among the rules: each is a query of its own, and few write them. */
const OWN_QUERIES = 10;
const CONNECTIONS = 4;
/** Longer than the evaluations take; the load is ended with them. */
const LOAD_S = 600;
/** Clock ticks a second in /proc, as Linux has them. */
const TICKS_PER_S = 100;
/** The store of a small machine, bytes. */
const STORE_MEMORY_BYTES = 4 * 1024 ** 3;

/** Every kind but `query`, with thresholds that these numbers do not pass. */
const KINDS: readonly Omit<RuleInput, "id">[] = [
  { kind: "error-rate", threshold: "9%" },
  { kind: "cold-start-rate", threshold: "50%" },
  { kind: "duration", threshold: "2s" },
  { kind: "init-duration", threshold: "2s" },
  { kind: "timeouts", threshold: 50 },
  { kind: "errors", threshold: 500 },
  { kind: "throughput-drop", threshold: "10%" },
  { kind: "no-data" },
  { kind: "expected", threshold: 1 },
  { kind: "memory", threshold: "95%" },
  { kind: "cost", threshold: 1e9 },
  { kind: "dead-letters", threshold: 1 },
  { kind: "queue-wait", threshold: "2s" },
  { kind: "attempts", threshold: 9 },
] as readonly Omit<RuleInput, "id">[];

/** Of the tiers that a rule has of itself, the two that page. */
const TIERS = [
  { name: "fast", long: "1h", short: "5m", burn: 14.4 },
  { name: "slow", long: "6h", short: "30m", burn: 6 },
];

const dataDir = mkdtempSync(join(tmpdir(), "hopscope-bench-alerts-"));
const opened = await openStore({
  dataDir,
  retentionDays: 30,
  database: "hopscope",
  log: silentLog,
  memoryLimitBytes: STORE_MEMORY_BYTES,
});
try {
  const { store } = opened;
  const newestS = Math.floor(Date.now() / 60_000) * 60;
  await fill(store, newestS);
  const rules = makeRules();
  report("alone", await measure(store, rules, newestS));
  const load = await startLoad(store);
  report("beside OTLP", await measure(store, rules, newestS));
  const { spans, seconds } = await load.stop();
  process.stdout.write(
    `load: ${Math.round(spans / seconds).toLocaleString("en")} spans/s by OTLP/HTTP, durable and with all views, meanwhile\n`,
  );
} finally {
  await opened.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function fill(store: Store, newestS: number): Promise<void> {
  for (let hour = 0; hour < HOURS; hour += FILL_HOURS) {
    await store.command(
      `INSERT INTO alert_minutes (minute, seen_at, service_name, faas_name, invocations, errors, timeouts, cold_starts,
         duration_ms, init_ms, memory_used_max, memory_limit_max, gb_seconds)
       SELECT toDateTime({newest:UInt32} - 60 * intDiv(number, {functions:UInt32})) AS minute, minute + 60,
         concat('service-', toString(number % {functions:UInt32} % 50)),
         concat('function-', toString(number % {functions:UInt32})),
         100 + rand(1) % 100, rand(2) % 5, rand(3) % 100 = 0, rand(4) % 10,
         initializeAggregation('quantilesTDigestState(0.5, 0.95, 0.99)', toFloat64(rand(5) % 1000)),
         initializeAggregation('quantilesTDigestIfState(0.5, 0.95)', toFloat64(rand(6) % 500), toUInt8(1)),
         50 + rand(7) % 40, 100, 1
       FROM numbers({rows:UInt64})`,
      { newest: newestS - hour * 3600, functions: FUNCTIONS, rows: FUNCTIONS * 60 * FILL_HOURS },
    );
  }
  await store.command(
    `INSERT INTO queue_minutes (minute, seen_at, queue, messaging_system, service_name, faas_name, messages, failures,
       retries, dead_letters, attempts_max, waits, wait_ms)
     SELECT toDateTime({newest:UInt32} - 60 * intDiv(number, {queues:UInt32})) AS minute, minute + 60,
       concat('queue-', toString(number % {queues:UInt32})), 'aws_sqs',
       concat('service-', toString(number % {queues:UInt32} % 50)), concat('function-', toString(number % {queues:UInt32})),
       100 + rand(1) % 100, rand(2) % 5, rand(3) % 5, 0, 1 + rand(4) % 2, 100,
       initializeAggregation('quantilesTDigestIfState(0.5, 0.95, 0.99)', toFloat64(rand(5) % 1000), toUInt8(1))
     FROM numbers({rows:UInt64})`,
    { newest: newestS, queues: QUEUES, rows: QUEUES * 60 * 2 },
  );
}

function makeRules(): CompiledRule[] {
  const windows = ["5m", "10m", "15m"];
  const simple = Array.from({ length: RULES - OWN_QUERIES - TIERS.length }, (_, n) => {
    const window = windows[n % windows.length];
    return compileRule({ ...KINDS[n % KINDS.length], id: `rule-${String(n)}`, window } as RuleInput);
  });
  const own = Array.from({ length: OWN_QUERIES }, (_, n) => {
    const sql = `SELECT sum(invocations) AS value, faas_name FROM alert_minutes
      WHERE minute >= {from:DateTime} AND minute < {to:DateTime} AND faas_name LIKE 'function-${String(n)}%' GROUP BY faas_name`;
    return compileRule({ id: `own-${String(n)}`, kind: "query", sql, threshold: 1e9 });
  });
  return [...simple, ...own, compileRule({ id: "slo", kind: "slo-burn", objective: "90%", tiers: TIERS })].flat();
}

interface Measured {
  readonly sampleMs: number[];
  readonly decideMs: number[];
  readonly totalMs: number[];
  readonly ownCpuMs: number;
  readonly storeCpuMs: number;
  readonly series: number;
}

async function measure(store: Store, rules: readonly CompiledRule[], newestS: number): Promise<Measured> {
  const states = new Map<string, RuleState>();
  const [sampleMs, decideMs, totalMs]: [number[], number[], number[]] = [[], [], []];
  const dependencies = new DependencyReader(store);
  const ownBefore = process.cpuUsage();
  const storeBefore = storeCpuMs();
  for (let n = 0; n < EVALUATIONS; n++) {
    const atMs = (newestS - (EVALUATIONS - n) * 60) * 1000;
    const startMs = performance.now();
    const samples = (await takeSamples(store, rules, [atMs])).get(atMs) ?? new Map();
    const sampledMs = performance.now();
    const situation = { rules, states, known: new Map(), samples, silences: [], inhibitions: [], atMs, nowMs: atMs };
    const { outcome } = await evaluateExplained(situation, dependencies);
    const endMs = performance.now();
    for (const [id, state] of outcome.states) if (state !== null) states.set(id, state);
    for (const state of states.values()) if (state.health.error !== "") throw new Error(state.health.error);
    sampleMs.push(sampledMs - startMs);
    decideMs.push(endMs - sampledMs);
    totalMs.push(endMs - startMs);
  }
  const own = process.cpuUsage(ownBefore);
  return {
    sampleMs,
    decideMs,
    totalMs,
    ownCpuMs: (own.user + own.system) / 1000 / EVALUATIONS,
    storeCpuMs: (storeCpuMs() - storeBefore) / EVALUATIONS,
    series: [...states.values()].reduce((sum, state) => sum + state.last.series, 0),
  };
}

/** Processor time that the store has taken, milliseconds. */
function storeCpuMs(): number {
  const pid = opened.embedded?.pid() ?? 0;
  const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
}

/** Takes OTLP in this process, as fast as another one sends it, until told to stop. */
async function startLoad(store: Store): Promise<{ stop: () => Promise<{ spans: number; seconds: number }> }> {
  const receiver = await openReceiver({ store, dataDir, retentionDays: 30, log: silentLog });
  const nothing = { fetch: () => new Response(null, { status: 404 }) };
  const serving = await serveApp(nothing, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver));
  const sender = fork(fileURLToPath(new URL("../ingest/sender.ts", import.meta.url)));
  const load: Load = { port: serving.port, seconds: LOAD_S, rate: 0, gzip: false, connections: CONNECTIONS, seed: 1 };
  sender.on("message", (message: LoadResult | "ready") => {
    if (message === "ready") sender.send(load);
  });
  sender.send(load);
  const startMs = performance.now();
  return {
    async stop() {
      const seconds = (performance.now() - startMs) / 1000;
      sender.kill("SIGKILL");
      await serving.close();
      await receiver.close(LOAD_S * 1000);
      const [row] = await store.query<{ spans: string }>("SELECT count() AS spans FROM spans");
      return { spans: Number(row?.spans), seconds };
    },
  };
}

function report(name: string, { sampleMs, decideMs, totalMs, ownCpuMs, storeCpuMs: cpuMs, series }: Measured): void {
  const at = (values: readonly number[], share: number): string =>
    ([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0).toFixed(0);
  process.stdout.write(
    `${name}: ${String(RULES)} rules, ${String(FUNCTIONS)} functions, ${series.toLocaleString("en")} series: ` +
      `p50 ${at(totalMs, 0.5)} ms, max ${at(totalMs, 1)} ms ` +
      `(reading ${at(sampleMs, 0.5)} ms, deciding ${at(decideMs, 0.5)} ms); ` +
      `processor time of one: ${ownCpuMs.toFixed(0)} ms here, ${cpuMs.toFixed(0)} ms in the store\n`,
  );
}
