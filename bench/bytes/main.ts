/**
 * Bytes a span on disk, of ours and of the schema of the OpenTelemetry exporter with the same spans, each merged into
 * as few parts as can be: for the payload of `bench -- ingest`, whose ids are all random, and for the flows of
 * `bench -- query`.
 *
 *   npm run bench -- bytes [--spans 500000] [--columns]
 *
 * With `--columns` it prints what each column of `spans` takes, too.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createClient } from "@clickhouse/client";
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import { connectStore } from "../../collector/store/connection.ts";
import { silentLog } from "../../collector/store/log.ts";
import { openStore, type OpenStore } from "../../collector/store/open-store.ts";
import { Payload, spansPerRequest } from "../ingest/payload.ts";
import { EXPORTER_DDL, plainRows } from "../ingest/plain.ts";
import { copyToExporterTable, generateSpans } from "../support/generate-spans.ts";

const { values } = parseArgs({
  options: { spans: { type: "string", default: "500000" }, columns: { type: "boolean", default: false } },
});
const spans = Number(values.spans);
const OURS = "hopscope";
const EXPORTER = "plain";
/** Of one insert: as large as those of a busy collector. */
const requestsPerInsert = 192;
/** Columns below it are left out, bytes a span. */
const columnMinBytes = 0.05;

interface TableSize {
  readonly database: string;
  readonly table: string;
  readonly bytes: string;
}

say("| bytes a span | ours, `spans` | ours, all tables | the exporter's table | its tables | ratios |");
say("|---|---|---|---|---|---|");
const columns = [
  await measured("the bench's payload", fillWithPayload),
  await measured("the generator's", async ({ store }) => {
    await generateSpans(store, spans, () => undefined);
    await copyToExporterTable(store, EXPORTER);
  }),
];
if (values.columns) say(`\n${columns.join("\n\n")}`);

/** Prints the line of what `fill` stores; returns what the columns take. */
async function measured(name: string, fill: (opened: OpenStore) => Promise<void>): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-bench-"));
  const opened = await openStore({ dataDir, retentionDays: 30, database: OURS, log: silentLog });
  const { store, endpoint } = opened;
  try {
    await store.command(`CREATE DATABASE ${EXPORTER}`);
    const exporter = connectStore({ endpoint, database: EXPORTER });
    for (const ddl of EXPORTER_DDL) await exporter.command(ddl);
    await exporter.close();
    process.stderr.write(`${name}: storing\n`);
    await fill(opened);
    process.stderr.write(`${name}: merging\n`);
    return await reported(name, opened);
  } finally {
    await opened.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function fillWithPayload({ store, endpoint }: OpenStore): Promise<void> {
  const { url, username, password } = endpoint();
  const client = createClient({ url, username, password, database: EXPORTER });
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  const payload = new Payload(1);
  for (let stored = 0; stored < spans; stored += requestsPerInsert * spansPerRequest) {
    const rows: object[] = [];
    for (let request = 0; request < requestsPerInsert; request += 1) {
      payload.refresh();
      transcoder.transcode(payload.body);
      rows.push(...plainRows(payload.body));
    }
    const blocks = transcoder.takeBlocks().map(({ bytes }) => bytes);
    await store.insertNative("spans", blocks, `bytes-${String(stored)}`);
    await client.insert({ table: "otel_traces", values: rows, format: "JSONEachRow" });
  }
  await client.close();
}

async function reported(name: string, { store }: OpenStore): Promise<string> {
  const where = `database IN ('${OURS}', '${EXPORTER}')`;
  const tables = await store.query<{ path: string }>(
    `SELECT concat(database, '.', name) AS path FROM system.tables WHERE ${where} AND engine LIKE '%MergeTree'`,
  );
  for (const { path } of tables) await store.command(`OPTIMIZE TABLE ${path} FINAL`);
  const [count] = await store.query<{ rows: string }>("SELECT count() AS rows FROM spans");
  const rows = Number(count?.rows);
  const sizes = await store.query<TableSize>(
    `SELECT database, table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND ${where} GROUP BY ALL`,
  );
  const size = (database: string, only?: string) =>
    sizes
      .filter((each) => each.database === database && (only === undefined || each.table === only))
      .reduce((sum, { bytes }) => sum + Number(bytes) / rows, 0);
  const [ours, ourAll] = [size(OURS, "spans"), size(OURS)];
  const [its, itsAll] = [size(EXPORTER, "otel_traces"), size(EXPORTER)];
  const ratios = `${(ours / its).toFixed(3)}, ${(ourAll / itsAll).toFixed(3)}`;
  const label = `${name}, ${rows.toLocaleString("en")}`;
  say(`| ${label} | ${[ours, ourAll, its, itsAll].map((bytes) => bytes.toFixed(1)).join(" | ")} | ${ratios} |`);
  const columnSizes = await store.query<{ name: string; bytes: string }>(
    `SELECT name, data_compressed_bytes AS bytes FROM system.columns
     WHERE database = '${OURS}' AND table = 'spans' ORDER BY data_compressed_bytes DESC`,
  );
  const lines = columnSizes
    .map((column) => ({ name: column.name, bytes: Number(column.bytes) / rows }))
    .filter(({ bytes }) => bytes >= columnMinBytes)
    .map((column) => `${column.name} ${column.bytes.toFixed(2)}`);
  return [`${name}:`, ...lines].join("\n");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
