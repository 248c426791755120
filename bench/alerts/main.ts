/**
 * `npm run bench -- alerts`: rounds of 500 rules of every kind over 1,000 functions and 200 queues, alone and beside
 * OTLP that this very process takes in as fast as it can, as a collector does. Every rule makes a series of every
 * function or queue. Beside the wall clock stands the processor time of this process and its store.
 */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RuleInput } from "../../schema/alert-rules.ts";
import type { RuleState } from "../../collector/alert/engine/types.ts";
import { evaluateExplained } from "../../collector/alert/runner/evaluate-explained.ts";
import type { CompiledRule } from "../../collector/alert/rules/compiled.ts";
import { compileRule } from "../../collector/alert/rules/compile-rule.ts";
import { Known } from "../../collector/alert/sample/known.ts";
import { takeSamples } from "../../collector/alert/sample/sampler.ts";
import { DependencyReader } from "../../collector/alert/upstream/load.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp } from "../../collector/http/serve.ts";
import { openReceiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";
import type { Load } from "../ingest/sender.ts";

const RULES = 500;
const FUNCTIONS = 1_000;
const QUEUES = 200;
/** Of rollup rows: how far back rules about silence look. */
const HOURS = 24;
/** Of these, the newest have quantiles: as far back as a rule looks at them. */
const QUANTILE_HOURS = 2;
/** Durations in the quantiles of a minute, of a function or of a queue. */
const DURATIONS = 100;
const ROUNDS = 9;
/** From one round to the next: so that most of the time beside OTLP is that of ingest, milliseconds. */
const PAUSE_MS = 1_500;
/** Load before the first round beside it, milliseconds. */
const WARM_UP_MS = 3_000;
/** Own queries among the rules: each is a query of its own, and few write them. */
const OWN_QUERIES = 10;
const CONNECTIONS = 4;
/** Longer than the rounds take; the load is ended with them. */
const LOAD_S = 300;
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
  const engine = { store, rules: makeRules(), known: new Known(store), dependencies: new DependencyReader(store) };
  report("alone", await measure(engine, newestS - (ROUNDS + 1) * 60));
  const load = await startLoad(store);
  await delay(WARM_UP_MS);
  report("beside OTLP", await measure(engine, newestS));
  const rate = await load.stop();
  process.stdout.write(`meanwhile: ${Math.round(rate).toLocaleString("en")} spans/s over OTLP/HTTP, made durable\n`);
} finally {
  await opened.close();
  rmSync(dataDir, { recursive: true, force: true });
}

/** A day of rollup rows, each function and queue in every minute. */
async function fill(store: Store, newestS: number): Promise<void> {
  const params = { newest: newestS, functions: FUNCTIONS, queues: QUEUES, durations: DURATIONS };
  const quantileMinutes = QUANTILE_HOURS * 60;
  const digest = (state: string, most: number, count: string, isIf: boolean): string =>
    `arrayReduce('${state}', arrayMap(x -> toFloat64(cityHash64(x, number) % ${String(most)}), range(${count}))${
      isIf ? `, arrayWithConstant(${count}, toUInt8(1))` : ""
    })`;
  const functions = (columns: string, states: string): string =>
    `INSERT INTO alert_minutes (minute, seen_at, service_name, faas_name, invocations, errors, timeouts, cold_starts,
       memory_used_max, memory_limit_max, gb_seconds${columns})
     SELECT toDateTime({newest:UInt32} - 60 * intDiv(number, {functions:UInt32})) AS minute, minute + 60,
       concat('service-', toString(number % {functions:UInt32} % 50)),
       concat('function-', toString(number % {functions:UInt32})),
       100 + rand(1) % 100, rand(2) % 5, rand(3) % 100 = 0, rand(4) % 10, 50 + rand(7) % 40, 100, 1${states}
     FROM numbers({from:UInt64}, {rows:UInt64})`;
  await store.command(functions("", ""), {
    ...params,
    from: FUNCTIONS * quantileMinutes,
    rows: FUNCTIONS * (HOURS * 60 - quantileMinutes),
  });
  const duration = digest("quantilesTDigestState(0.5, 0.95, 0.99)", 1_000, "{durations:UInt32}", false);
  const init = digest("quantilesTDigestIfState(0.5, 0.95)", 500, "10", true);
  await store.command(functions(", duration_ms, init_ms", `, ${duration}, ${init}`), {
    ...params,
    from: 0,
    rows: FUNCTIONS * quantileMinutes,
  });
  await store.command(
    `INSERT INTO queue_minutes (minute, seen_at, queue, messaging_system, service_name, faas_name, messages, failures,
       retries, dead_letters, attempts_max, waits, wait_ms)
     SELECT toDateTime({newest:UInt32} - 60 * intDiv(number, {queues:UInt32})) AS minute, minute + 60,
       concat('queue-', toString(number % {queues:UInt32})), 'aws_sqs',
       concat('service-', toString(number % {queues:UInt32} % 50)), concat('function-', toString(number % {queues:UInt32})),
       100 + rand(1) % 100, rand(2) % 5, rand(3) % 5, 0, 1 + rand(4) % 2, 100,
       ${digest("quantilesTDigestIfState(0.5, 0.95, 0.99)", 1_000, "{durations:UInt32}", true)}
     FROM numbers({rows:UInt64})`,
    { ...params, rows: QUEUES * quantileMinutes },
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

interface Engine {
  readonly store: Store;
  readonly rules: readonly CompiledRule[];
  readonly known: Known;
  readonly dependencies: DependencyReader;
}

/** The rounds up to `lastS`, a minute of data apart; the first only warms up. */
async function measure({ store, rules, known, dependencies }: Engine, lastS: number): Promise<Measured> {
  const states = new Map<string, RuleState>();
  const [sampleMs, decideMs, totalMs]: [number[], number[], number[]] = [[], [], []];
  let [ownMs, storeMs] = [0, 0];
  for (let n = 0; n <= ROUNDS; n++) {
    const atMs = (lastS - (ROUNDS - n) * 60) * 1000;
    const ownBefore = process.cpuUsage();
    const storeBefore = storeCpuMs();
    const startMs = performance.now();
    const samples = (await takeSamples(store, rules, [atMs], known)).get(atMs) ?? new Map();
    const sampledMs = performance.now();
    const situation = { rules, states, known: new Map(), samples, silences: [], inhibitions: [], atMs, nowMs: atMs };
    const { outcome } = await evaluateExplained(situation, dependencies);
    const endMs = performance.now();
    const own = process.cpuUsage(ownBefore);
    for (const [id, state] of outcome.states) if (state !== null) states.set(id, state);
    for (const state of states.values()) if (state.health.error !== "") throw new Error(state.health.error);
    if (n > 0) {
      sampleMs.push(sampledMs - startMs);
      decideMs.push(endMs - sampledMs);
      totalMs.push(endMs - startMs);
      ownMs += (own.user + own.system) / 1000 / ROUNDS;
      storeMs += (storeCpuMs() - storeBefore) / ROUNDS;
    }
    await delay(PAUSE_MS);
  }
  const series = [...states.values()].reduce((sum, state) => sum + state.last.series, 0);
  return { sampleMs, decideMs, totalMs, ownCpuMs: ownMs, storeCpuMs: storeMs, series };
}

/** Processor time that the store has taken, milliseconds. */
function storeCpuMs(): number {
  const pid = opened.embedded?.pid() ?? 0;
  const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
}

/** Takes OTLP in this process, as fast as another one sends it, until stopped: then says how many spans a second. */
async function startLoad(store: Store): Promise<{ stop: () => Promise<number> }> {
  const receiver = await openReceiver({ store, dataDir, retentionDays: 30, log: silentLog });
  const nothing = { fetch: () => new Response(null, { status: 404 }) };
  const serving = await serveApp(nothing, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver));
  const sender = fork(fileURLToPath(new URL("../ingest/sender.ts", import.meta.url)));
  const plain = { rate: 0, gzip: false, json: false, seed: 1 };
  sender.send({ ...plain, port: serving.port, seconds: LOAD_S, connections: CONNECTIONS } satisfies Load);
  const startMs = performance.now();
  return {
    async stop() {
      const rate = (receiver.stats().spans * 1000) / (performance.now() - startMs);
      sender.kill("SIGKILL");
      await serving.close();
      await receiver.close(0);
      return rate;
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
      `processor time in a round: ${ownCpuMs.toFixed(0)} ms here, ${cpuMs.toFixed(0)} ms in the store\n`,
  );
}
