/**
 * What is measured, in a process of its own: `ours`, the collector's ingestion; `plain`, the usual way: decode to
 * objects and insert JSONEachRow through the client into the schema of the OpenTelemetry exporter. Both acknowledge
 * in the way that is theirs: ours when durable, the plain one when inserted. Arguments: which, data directory.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { createClient } from "@clickhouse/client";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp } from "../../collector/http/serve.ts";
import { openReceiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore } from "../../collector/store/open-store.ts";
import { spansOfTraces } from "../../collector/store/queries/spans-of-traces.ts";
import { EXPORTER_DDL, plainRows } from "./plain.ts";

/** Nothing but OTLP is served here. */
const noApp = { fetch: () => new Response(null, { status: 404 }) };

/** What the parent asks: where things stand, or the same after every table was merged into as few parts as can be. */
export type Question = "state" | "optimize" | TraceQuestion;

/** Whether the trace with these 32 hex digits is found. */
export interface TraceQuestion {
  readonly trace: string;
}

export type AnswerTo<Q extends Question> = Q extends TraceQuestion ? boolean : SubjectState;

export interface SubjectState {
  readonly port: number;
  readonly storePid: number;
  /** Spans in the store. */
  readonly loaded: number;
  /** Bytes on disk of all tables, and of the table of spans alone. */
  readonly bytes: number;
  readonly spanBytes: number;
  /** Longest time that the event loop did not turn since the last answer, ms. */
  readonly stallMs: number;
}

const [which = "ours", dataDir = ""] = process.argv.slice(2);
const database = which === "ours" ? "hopscope" : "plain";
const opened = await openStore({ dataDir, retentionDays: 30, database, log: silentLog });
const table = which === "ours" ? "spans" : "otel_traces";
const port = which === "ours" ? await startOurs() : await startPlain();

let stallMs = 0;
let turned = performance.now();
setInterval(() => {
  const now = performance.now();
  stallMs = Math.max(stallMs, now - turned - 5);
  turned = now;
}, 5);

process.on("message", (question: Question) => {
  const answered = typeof question === "string" ? answer(question) : isFound(question);
  void answered.then((state) => process.send?.(state));
});
process.on("disconnect", () => void opened.close().then(() => process.exit(0)));
process.send?.("ready");

/** Asked as a flow asks, by the index: a scan of all trace ids would be a load of its own. */
async function isFound({ trace }: TraceQuestion): Promise<boolean> {
  return (await spansOfTraces(opened.store, { traceIds: [trace], limit: 2 })).length > 0;
}

async function answer(question: "state" | "optimize"): Promise<SubjectState> {
  const { store, embedded } = opened;
  if (question === "optimize") {
    // The last insert may not be answered yet, and until then they may wait.
    await store.command("SYSTEM START MERGES");
    const tables = await store.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    for (const { name } of tables) await store.command(`OPTIMIZE TABLE ${name} FINAL`);
  }
  const [count] = await store.query<{ loaded: string }>(`SELECT count() AS loaded FROM ${table}`);
  const [size] = await store.query<{ bytes: string; span_bytes: string }>(
    `SELECT sum(bytes_on_disk) AS bytes, sumIf(bytes_on_disk, table = {table:String}) AS span_bytes
     FROM system.parts WHERE active AND database = currentDatabase()`,
    { table },
  );
  const stalled = stallMs;
  stallMs = 0;
  return {
    port,
    storePid: embedded?.pid() ?? 0,
    loaded: Number(count?.loaded),
    bytes: Number(size?.bytes),
    spanBytes: Number(size?.span_bytes),
    stallMs: stalled,
  };
}

async function startOurs(): Promise<number> {
  const receiver = await openReceiver({ store: opened.store, dataDir, retentionDays: 30, log: silentLog });
  return (await serveApp(noApp, { host: "127.0.0.1", port: 0 }, otlpHandler(receiver))).port;
}

/** Gathers requests for one insert at a time, as a batching exporter does. */
async function startPlain(): Promise<number> {
  for (const ddl of EXPORTER_DDL) await opened.store.command(ddl);
  const { url, username, password } = opened.endpoint();
  const client = createClient({ url, username, password, database, compression: { request: true } });
  let rows: object[] = [];
  let waiting: (() => void)[] = [];
  let inserting = false;
  const insert = async (): Promise<void> => {
    if (inserting) return;
    inserting = true;
    while (rows.length > 0) {
      const batch = rows;
      const settled = waiting;
      rows = [];
      waiting = [];
      await client.insert({ table, values: batch, format: "JSONEachRow" });
      for (const settle of settled) settle();
    }
    inserting = false;
  };
  const server = createServer((request, response) => {
    void readAll(request).then(async (sent) => {
      for (const row of plainRows(request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent)) rows.push(row);
      await new Promise<void>((settle) => {
        waiting.push(settle);
        void insert();
      });
      response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": 0 }).end();
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return (server.address() as AddressInfo).port;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
