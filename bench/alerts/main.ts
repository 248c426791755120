/**
 * `npm run bench -- alerts`: 500 rules over 1,000 functions, evaluated once a minute, alone and beside inserts that
 * keep the store busy. Every rule makes a series of every function: 500,000 decisions an evaluation.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RuleState } from "../../collector/alert/engine/types.ts";
import { evaluateAll } from "../../collector/alert/runner/evaluate-all.ts";
import type { CompiledRule } from "../../collector/alert/rules/compiled.ts";
import { compileRule } from "../../collector/alert/rules/compile-rule.ts";
import { takeSamples } from "../../collector/alert/sample/sampler.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";

const RULES = 500;
const FUNCTIONS = 1_000;
/** Of rollup rows: what the longest baseline of these rules reads, and a day beside it that they must skip. */
const HOURS = 24;
const EVALUATIONS = 9;
/** Spans of one insert of the load. */
const LOAD_SPANS = 200_000;
/** The store of a small machine, bytes. */
const STORE_MEMORY_BYTES = 4 * 1024 ** 3;

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
  const load = startLoad(store);
  report("beside inserts", await measure(store, rules, newestS));
  const { spans, seconds } = await load.stop();
  process.stdout.write(
    `load: ${Math.round(spans / seconds).toLocaleString("en")} spans/s with all views, meanwhile\n`,
  );
} finally {
  await opened.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function fill(store: Store, newestS: number): Promise<void> {
  await store.command(
    `INSERT INTO function_minutes (minute, seen_at, service_name, faas_name, invocations, errors, timeouts, cold_starts,
       duration_ms, init_ms, duration_ms_sum, memory_used_max, memory_limit_max, gb_seconds)
     SELECT toDateTime({newest:UInt32} - 60 * intDiv(number, {functions:UInt32})) AS minute, minute + 60,
       concat('service-', toString(number % {functions:UInt32} % 50)), concat('function-', toString(number % {functions:UInt32})),
       100 + rand(1) % 100, rand(2) % 5, rand(3) % 100 = 0, rand(4) % 10,
       quantilesTDigestState(0.5, 0.95, 0.99)(toFloat64(rand(5) % 1000)),
       quantilesTDigestIfState(0.5, 0.95)(toFloat64(rand(6) % 500), toUInt8(1)),
       0, 50 + rand(7) % 40, 100, 1
     FROM numbers({rows:UInt64})
     GROUP BY number`,
    { newest: newestS, functions: FUNCTIONS, rows: FUNCTIONS * 60 * HOURS },
  );
  await store.command("OPTIMIZE TABLE alert_minutes FINAL");
}

function makeRules(): CompiledRule[] {
  const kinds = [
    { kind: "error-rate", threshold: "9%" },
    { kind: "cold-start-rate", threshold: "50%" },
    { kind: "duration", threshold: "2s" },
    { kind: "init-duration", threshold: "2s" },
    { kind: "timeouts", threshold: 50 },
    { kind: "errors", threshold: 500 },
    { kind: "throughput-drop", threshold: "10%" },
    { kind: "memory", threshold: "95%" },
  ] as const;
  const windows = ["5m", "10m", "15m"];
  return Array.from({ length: RULES }, (_, n) => {
    const kind = kinds[n % kinds.length] ?? kinds[0];
    return compileRule({ ...kind, id: `rule-${String(n)}`, window: windows[n % windows.length] });
  }).flat();
}

interface Measured {
  readonly sampleMs: number[];
  readonly decideMs: number[];
  readonly totalMs: number[];
  readonly series: number;
}

async function measure(store: Store, rules: readonly CompiledRule[], newestS: number): Promise<Measured> {
  const states = new Map<string, RuleState>();
  const measured: Measured = { sampleMs: [], decideMs: [], totalMs: [], series: 0 };
  let series = 0;
  for (let n = 0; n < EVALUATIONS; n++) {
    const atMs = (newestS - (EVALUATIONS - n) * 60) * 1000;
    const startMs = performance.now();
    const samples = (await takeSamples(store, rules, [atMs])).get(atMs) ?? new Map();
    const sampledMs = performance.now();
    const situation = { rules, states, known: new Map(), samples, silences: [], inhibitions: [], atMs, nowMs: atMs };
    const outcome = evaluateAll(situation);
    const endMs = performance.now();
    for (const [id, state] of outcome.states) if (state !== null) states.set(id, state);
    for (const state of states.values()) if (state.health.error !== "") throw new Error(state.health.error);
    series = [...states.values()].reduce((sum, state) => sum + state.last.series, 0);
    measured.sampleMs.push(sampledMs - startMs);
    measured.decideMs.push(endMs - sampledMs);
    measured.totalMs.push(endMs - startMs);
  }
  return { ...measured, series };
}

/** Inserts spans, one block after another, until told to stop: the store's own limit with every view. */
function startLoad(store: Store): { stop: () => Promise<{ spans: number; seconds: number }> } {
  let isRunning = true;
  let spans = 0;
  const startMs = performance.now();
  const done = (async () => {
    while (isRunning) {
      await store.command(
        `INSERT INTO spans (trace_id, span_id, start_time, duration_ns, kind, service_name, faas_name, faas_trigger, name,
           messaging_operation_type, messaging_destination_name, message_sent_ms, attributes_string)
         SELECT randomFixedString(16), randomFixedString(8), now64(9), rand(1) % 1000000000, if(number % 4 = 0, 5, 3),
           concat('service-', toString(number % 50)), concat('function-', toString(number % 1000)),
           if(number % 4 = 0, 'pubsub', ''), 'process orders', if(number % 4 = 0, 'process', ''), 'orders',
           toUnixTimestamp64Milli(now64(3)) - 50, map('a', toString(rand(2)), 'b', toString(rand(3)))
         FROM numbers({count:UInt64})`,
        { count: LOAD_SPANS },
      );
      spans += LOAD_SPANS;
    }
  })();
  return {
    async stop() {
      isRunning = false;
      await done;
      return { spans, seconds: (performance.now() - startMs) / 1000 };
    },
  };
}

function report(name: string, { sampleMs, decideMs, totalMs, series }: Measured): void {
  const at = (values: readonly number[], share: number): string =>
    ([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0).toFixed(0);
  process.stdout.write(
    `${name}: ${String(RULES)} rules, ${String(FUNCTIONS)} functions, ${series.toLocaleString("en")} series: ` +
      `p50 ${at(totalMs, 0.5)} ms, max ${at(totalMs, 1)} ms ` +
      `(reading ${at(sampleMs, 0.5)} ms, deciding ${at(decideMs, 0.5)} ms)\n`,
  );
}
