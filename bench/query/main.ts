/**
 * Queries, measured through the API (assembly and JSON included), beside the plain way: the same question in SQL on
 * the table of the OpenTelemetry exporter with the same spans, on the same server, in one run.
 *
 *   npm run bench -- query [--spans 2000000] [--runs 30] [--no-plain] [--data-dir DIR] [--only REGEX]
 *
 * A directory that is named is kept, and what a run before left in it is asked again instead of generated. With
 * `--only` the questions are asked whose name or path has a match.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createApp } from "../../collector/http/app.ts";
import { connectStore } from "../../collector/store/connection.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";
import { EXPORTER_DDL } from "../ingest/plain.ts";
import { copyToExporterTable, generateSpans, traceIdSql } from "../support/generate-spans.ts";

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "2000000" },
    runs: { type: "string", default: "30" },
    "no-plain": { type: "boolean", default: false },
    "data-dir": { type: "string" },
    only: { type: "string", default: "" },
  },
});
const only = new RegExp(values.only, "i");
const runs = Number(values.runs);
const EXPORTER = "plain";
/** Of the times in /proc, milliseconds. */
const MS_PER_TICK = 10;
/** The embedded server's share: what a small machine would give it. */
const memoryLimitBytes = 8 * 1024 ** 3;

/** The range of the questions: as parameters of a path, and as a condition on the exporter's table. */
interface Asked {
  readonly range: string;
  readonly since: string;
}

interface Question {
  readonly name: string;
  readonly goal: string;
  /** Paths to ask, one after the other. */
  readonly paths: readonly string[];
  /** The same question on `otel_traces`. */
  readonly plain: (run: number) => string;
}

const dataDir = values["data-dir"] ?? mkdtempSync(join(tmpdir(), "hopscope-bench-"));
const opened = await openStore({ dataDir, retentionDays: 30, database: "hopscope", log: silentLog, memoryLimitBytes });
try {
  say(
    `load average before: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  await prepare(opened.store);
  await report(opened.store);
} finally {
  await opened.close();
  if (!values["data-dir"]) rmSync(dataDir, { recursive: true, force: true });
}

async function prepare(store: Store): Promise<void> {
  const start = performance.now();
  const [stored] = await store.query<{ spans: string }>("SELECT count() AS spans FROM spans");
  if (Number(stored?.spans) > 0) return;
  await generateSpans(store, Number(values.spans), (spans) => process.stderr.write(`\r${String(spans)} spans`));
  say(`\ngenerated in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  if (values["no-plain"]) return;
  const copied = performance.now();
  await store.command(`CREATE DATABASE ${EXPORTER}`);
  const exporter = connectStore({ endpoint: opened.endpoint, database: EXPORTER });
  for (const ddl of EXPORTER_DDL) await exporter.command(ddl);
  await exporter.close();
  await copyToExporterTable(store, EXPORTER);
  say(`copied to otel_traces in ${((performance.now() - copied) / 1000).toFixed(0)} s`);
}

async function report(store: Store): Promise<void> {
  const app = createApp({ store });
  const [count] = await store.query<{ spans: string }>("SELECT count() AS spans FROM spans");
  const sizes = await store.query<{ database: string; bytes: string }>(
    `SELECT database, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table IN ('spans', 'otel_traces') GROUP BY database`,
  );
  const spans = Number(count?.spans);
  const ids = await sampleIds(store, spans);
  for (const { database, bytes } of sizes)
    say(`${database}: ${(Number(bytes) / spans).toFixed(1)} bytes a span on disk`);
  say(`\n${spans.toLocaleString("en")} spans over 24 h, ${String(runs)} runs each\n`);
  say("| question | ours p50 / p99 ms | CPU ms | plain p50 / p99 ms | CPU ms | plain / ours | goal |");
  say("|---|---|---|---|---|---|---|");
  const isAsked = ({ name, paths }: Question) => only.test(name) || paths.some((path) => only.test(path));
  const asked = questions(ids, await rangeOf(store)).filter(isAsked);
  for (const question of asked) {
    const ours = await measured(async (run) => {
      const response = await app.request(question.paths[run % question.paths.length] ?? "");
      const text = await response.text();
      const isWhole = response.status === 200 && !text.includes('"truncated":{');
      if (!isWhole) throw new Error(`${question.name}: ${String(response.status)} ${text.slice(0, 300)}`);
    });
    const plain = values["no-plain"]
      ? undefined
      : await measured(
          async (run) =>
            void (await store.query(question.plain(run), {}, { bounds: { timeS: 120, memoryBytes: 6 * 1024 ** 3 } })),
        );
    const ratio = plain ? (plain.p50 / ours.p50).toFixed(1) : "-";
    say(`| ${question.name} | ${ms(ours)} | ${plain ? ms(plain) : "- | -"} | ${ratio} | ${question.goal} |`);
  }
  say(
    `\nload average after: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
}

/** The day until the newest span: how old the data are must not decide how far a search has to look. */
async function rangeOf(store: Store): Promise<Asked> {
  const sql = "SELECT toUnixTimestamp(max(start_time)) AS last FROM spans";
  const [newest] = await store.query<{ last: number }>(sql);
  const toMs = (Number(newest?.last) + 1) * 1000;
  const [from, to] = [toMs - 24 * 3_600_000, toMs].map((ms) => new Date(ms).toISOString()) as [string, string];
  return { range: `from=${from}&to=${to}`, since: `Timestamp > parseDateTime64BestEffort('${from}', 9, 'UTC')` };
}

interface Ids {
  readonly orders: readonly string[];
  readonly receipts: readonly string[];
  readonly large: readonly string[];
  readonly huge: readonly string[];
  readonly customers: readonly string[];
}

async function sampleIds(store: Store, spans: number): Promise<Ids> {
  const ids = async (what: string, count: number, step: number) => {
    const sql = `SELECT lower(hex(${traceIdSql(`number * ${String(step)}`, what)})) AS id FROM numbers(${String(count)})`;
    return (await store.query<{ id: string }>(sql)).map(({ id }) => id);
  };
  const step = Math.max(1, Math.floor(spans / 10.2 / runs));
  const customers = await store.query<{ id: string }>(
    `SELECT attributes_string['customer.id'] AS id FROM spans WHERE trace_id IN (SELECT ${traceIdSql(`number * ${String(step)}`, "t")} FROM numbers(${String(runs)})) AND kind = 2`,
  );
  return {
    orders: await ids("t", runs, step),
    receipts: await ids("r", runs, step),
    large: await ids("l", 100, 1),
    huge: await ids("h", 1, 1),
    customers: customers.map(({ id }) => id),
  };
}

function questions(ids: Ids, asked: Asked): Question[] {
  const rollups = rollupQuestions(asked);
  return [...flowQuestions(ids, asked), ...rollups, ...searchQuestions(ids, asked), ...dailyQuestions(asked)];
}

function flowQuestions({ orders, receipts, large, huge }: Ids, { range, since }: Asked): Question[] {
  const byTrace = (ids: readonly string[]) => (run: number) => {
    const id = ids[run % ids.length] ?? "";
    return `WITH '${id}' AS id, (SELECT min(Start) FROM plain.otel_traces_trace_id_ts WHERE TraceId = id) AS first,
      (SELECT max(End) + 1 FROM plain.otel_traces_trace_id_ts WHERE TraceId = id) AS last
      SELECT * FROM plain.otel_traces WHERE TraceId = id AND Timestamp >= first AND Timestamp <= last`;
  };
  const flow = (id: string) => `/api/flows/${id}`;
  return [
    {
      name: "flow of an order, by its trace (plain: that trace alone)",
      goal: "-",
      paths: orders.map(flow),
      plain: byTrace(orders),
    },
    {
      name: "the same by its receipt's trace, joined by message id",
      goal: "-",
      paths: receipts.map(flow),
      plain: byTrace(receipts),
    },
    { name: "flow of 100 spans", goal: "30 / 100", paths: large.map(flow), plain: byTrace(large) },
    { name: "flow of 10,000 spans", goal: "500", paths: huge.map(flow), plain: byTrace(huge) },
    {
      name: "flow list, a page of 50",
      goal: "150",
      paths: [`/api/flows?${range}&limit=50`],
      plain: () =>
        `SELECT TraceId, Timestamp, SpanName, ServiceName, Duration, StatusCode FROM plain.otel_traces WHERE ParentSpanId = '' AND ${since} ORDER BY Timestamp DESC LIMIT 50`,
    },
  ];
}

function rollupQuestions({ range, since }: Asked): Question[] {
  return [
    {
      name: "functions, 24 h",
      goal: "50",
      paths: [`/api/functions?${range}`],
      plain: () =>
        `SELECT ServiceName, count(), countIf(StatusCode = 'Error'), quantiles(0.5, 0.95, 0.99)(Duration) FROM plain.otel_traces WHERE SpanAttributes['faas.trigger'] != '' AND ${since} GROUP BY ServiceName`,
    },
    {
      name: "one function's series, 24 h",
      goal: "50",
      paths: [`/api/functions/payment-3/series?${range}`],
      plain: () =>
        `SELECT toStartOfInterval(Timestamp, toIntervalMinute(15)) AS step, count(), quantiles(0.5, 0.95, 0.99)(Duration) FROM plain.otel_traces WHERE ServiceName = 'payment-3' AND SpanAttributes['faas.trigger'] != '' AND ${since} GROUP BY step ORDER BY step`,
    },
    {
      name: "map, 24 h",
      goal: "50",
      paths: [`/api/map?${range}`],
      plain: () =>
        `SELECT ServiceName, SpanKind, SpanAttributes['messaging.destination.name'] AS destination, count(), quantiles(0.5, 0.95)(Duration) FROM plain.otel_traces WHERE SpanKind IN ('Producer', 'Consumer') AND ${since} GROUP BY ServiceName, SpanKind, destination`,
    },
  ];
}

function searchQuestions({ customers }: Ids, { range, since }: Asked): Question[] {
  return [
    {
      name: "spans by a rare attribute, 24 h",
      goal: "300",
      paths: customers.map((id) => `/api/spans?${range}&attribute=customer.id%3D${id}`),
      plain: (run) =>
        `SELECT * FROM plain.otel_traces WHERE SpanAttributes['customer.id'] = '${customers[run % customers.length] ?? ""}' AND ${since} ORDER BY Timestamp DESC LIMIT 100`,
    },
    {
      name: "flows by a rare attribute, 24 h (plain: spans)",
      goal: "300",
      paths: customers.map((id) => `/api/flows?${range}&attribute=customer.id%3D${id}`),
      plain: (run) =>
        `SELECT * FROM plain.otel_traces WHERE SpanAttributes['customer.id'] = '${customers[run % customers.length] ?? ""}' AND ${since} ORDER BY Timestamp DESC LIMIT 100`,
    },
    {
      name: "spans by service and attribute, newest 100",
      goal: "300",
      paths: [`/api/spans?${range}&service=payment-3&attribute=order.region%3Dregion-7`],
      plain: () =>
        `SELECT * FROM plain.otel_traces WHERE ServiceName = 'payment-3' AND SpanAttributes['order.region'] = 'region-7' AND ${since} ORDER BY Timestamp DESC LIMIT 100`,
    },
    {
      name: "Jaeger: services",
      goal: "-",
      paths: ["/api/services"],
      plain: () => `SELECT DISTINCT ServiceName FROM plain.otel_traces WHERE ${since}`,
    },
  ];
}

/** What is asked when something is wrong. */
function dailyQuestions({ range, since }: Asked): Question[] {
  return [
    {
      name: "failed flows, a page of 50 (plain: spans)",
      goal: "-",
      paths: [`/api/flows?${range}&status=error&limit=50`],
      plain: () =>
        `SELECT TraceId, Timestamp, SpanName, ServiceName, Duration FROM plain.otel_traces WHERE StatusCode = 'Error' AND ${since} ORDER BY Timestamp DESC LIMIT 50`,
    },
    {
      name: "flows with a cold start, a page of 50 (plain: spans)",
      goal: "-",
      paths: [`/api/flows?${range}&coldStart=true&limit=50`],
      plain: () =>
        `SELECT TraceId, Timestamp, SpanName, ServiceName, Duration FROM plain.otel_traces WHERE SpanAttributes['faas.coldstart'] = 'true' AND ${since} ORDER BY Timestamp DESC LIMIT 50`,
    },
    {
      name: "heatmap of one service, 24 h",
      goal: "-",
      paths: [`/api/spans/heatmap?${range}&service=payment-3`],
      plain: () =>
        `SELECT toStartOfInterval(Timestamp, toIntervalSecond(864)) AS step, floor(log2(greatest(Duration, 1000))) AS power, count(), countIf(StatusCode = 'Error') FROM plain.otel_traces WHERE ServiceName = 'payment-3' AND ${since} GROUP BY step, power`,
    },
  ];
}

interface Times {
  readonly p50: number;
  readonly p99: number;
  /** Of this process and of the server together, per question: what a busy machine changes least. */
  readonly cpuMs: number;
}

async function measured(ask: (run: number) => Promise<void>): Promise<Times> {
  const times: number[] = [];
  let cpuStartMs = 0;
  // The first one warms up; a question that takes long is asked less often.
  for (let run = 0; run <= runs; run += 1) {
    if (run === 1) cpuStartMs = cpuMs();
    const start = performance.now();
    await ask(run);
    const took = performance.now() - start;
    if (run > 0) times.push(took);
    if (took > 5_000 && run >= 3) break;
  }
  const cpu = (cpuMs() - cpuStartMs) / Math.max(times.length, 1);
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { p50: quantile(0.5), p99: quantile(0.99), cpuMs: cpu };
}

/** Processor time so far, of this process and of the embedded server. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  const stat = readFileSync(`/proc/${String(opened.embedded?.pid())}/stat`, "utf8");
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (user + system) / 1000 + (Number(ticks[11]) + Number(ticks[12])) * MS_PER_TICK;
}

function ms({ p50, p99, cpuMs: cpu }: Times): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)} | ${cpu.toFixed(0)}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
