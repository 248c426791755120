/**
 * A collector's ingestion with its embedded store, in a process that the fault tests kill. Arguments: data directory,
 * limits as JSON. Tells its parent by IPC where it listens, and answers `count` with what is in the store (null while
 * the store is away).
 */
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp } from "../../collector/http/serve.ts";
import { openReceiver } from "../../collector/ingest/receive.ts";
import type { ReceiverLimits } from "../../collector/ingest/receiver-limits.ts";
import type { ReceiverStats } from "../../collector/ingest/receiver-stats.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";

/** Nothing but OTLP is served here. */
const noApp = { fetch: () => new Response(null, { status: 404 }) };

export interface Started {
  readonly port: number;
  readonly storePid: number;
}

/** Tables that views fill and that add up what is inserted: a part that comes twice, or never, shows in a sum. */
const ROLLUPS = {
  function_minutes: "sum(invocations)",
  alert_minutes: "sum(invocations)",
  operation_hours: "sum(spans)",
  map_minutes: "sum(spans)",
  queue_minutes: "sum(messages)",
  trace_index: "uniqExact(trace_id)",
  flow_origins: "uniqExact(span_id)",
} as const;
export type Rollup = keyof typeof ROLLUPS;

/** What the store has, and what the receiver says. */
export interface Counted {
  readonly spans: number;
  readonly distinctSpans: number;
  /** Spans, invocations and messages as each rollup counts them. */
  readonly rollups: Readonly<Record<Rollup, number>>;
  /** Sum of a number that each span carries: equal only where every one is there once. */
  readonly checksum: string;
  readonly storePid: number;
  readonly stats: ReceiverStats;
}

const [dataDir = "", limits = "{}"] = process.argv.slice(2);
const opened = await openStore({
  dataDir,
  retentionDays: 30,
  database: "hopscope",
  log: silentLog,
  memoryLimitBytes: 700 * 1024 * 1024,
});
const receiver = await openReceiver({
  store: opened.store,
  dataDir,
  retentionDays: 30,
  log: silentLog,
  limits: JSON.parse(limits) as ReceiverLimits,
});
const serving = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver));

process.on("message", (question: "count" | "hog" | "stats") => {
  if (question === "hog") void hog();
  else if (question === "stats") process.send?.(receiver.stats());
  else void count().then((counted) => process.send?.(counted), () => process.send?.(null));
});
process.on("SIGTERM", () => {
  void serving
    .close()
    .then(() => receiver.close())
    .then(() => opened.close())
    .then(() => process.exit(0));
});
process.send?.({ port: serving.port, storePid: opened.embedded?.pid() ?? 0 });

/** Fills the store's memory until it refuses. */
async function hog(): Promise<void> {
  await opened.store
    .query("SELECT length(groupArray(randomPrintableASCII(1000))) AS n FROM numbers(100000000)", undefined, {
      bounds: { timeS: 20, memoryBytes: 0 },
    })
    .catch(() => undefined);
}

async function count(): Promise<Counted> {
  const sums = Object.entries(ROLLUPS).map(([table, sum]) => `(SELECT ${sum} FROM ${table}) AS ${table}`);
  const [row] = await opened.store.query<Record<"spans" | "distinct_spans" | "checksum" | Rollup, string>>(
    `SELECT count() AS spans, uniqExact(span_id) AS distinct_spans, sum(attributes_int['number']) AS checksum,
       ${sums.join(", ")}
     FROM spans`,
  );
  const rollups = Object.keys(ROLLUPS).map((table) => [table, Number(row?.[table as Rollup])] as const);
  return {
    spans: Number(row?.spans),
    distinctSpans: Number(row?.distinct_spans),
    rollups: Object.fromEntries(rollups) as Record<Rollup, number>,
    checksum: row?.checksum ?? "",
    storePid: opened.embedded?.pid() ?? 0,
    stats: receiver.stats(),
  };
}
