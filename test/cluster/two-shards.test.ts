/** The collector on a cluster of two shards: made by its own migrations, written to and read as by its users. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { otlpJsonToProtobuf } from "../../collector/ingest/otlp-json.ts";
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import { connectStore } from "../../collector/store/connection.ts";
import { readMigrations } from "../../collector/store/migrations.ts";
import { remoteEndpoint } from "../../collector/store/open-store.ts";
import type { Store } from "../../collector/store/store.ts";
import type { FlowListResponse, FunctionListResponse } from "../../schema/api.ts";
import type { FlowResponse } from "../../schema/flow.ts";
import { spawnCli, type Cli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { CLUSTER, startShards, type Shards } from "../support/shards.ts";

const database = "hopscope";
const orders = 20;
/** Of the flows that lie on both shards, as each takes a dozen queries of two servers. */
const flowsRead = 3;

let shards: Shards;
/** Through the first shard, as the collector sees it, and each by itself. */
let whole: Store;
let each: Store[];
let dataDir: string;
let collector: Cli;
let url: string;
/** Trace ids of an order, and of the function that takes its message, joined by the message's id alone. */
const pairs = Array.from({ length: orders }, () => ({ sent: newId(16), taken: newId(16), message: newId(8) }));

beforeAll(async () => {
  shards = await startShards();
  whole = connectStore({ endpoint: remoteEndpoint(shards.clickhouseUrl), database });
  each = shards.stores(database);
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-cluster-"));
  collector = startCollector();
  url = await collector.ready();
});
afterAll(async () => {
  await collector.end();
  await Promise.all([whole, ...each].map((store) => store.close()));
  await shards.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it("has every migration on both shards, and starts again on what is there", async () => {
  for (const store of each) {
    const tables = await store.query<{ name: string; engine: string }>(
      "SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View'",
    );
    const locals = tables.filter(({ name }) => name.endsWith("_local"));
    expect(locals.length).toBeGreaterThan(8);
    expect(new Set(tables.filter(({ name }) => !name.endsWith("_local")).map(({ engine }) => engine))).toEqual(
      new Set(["Distributed"]),
    );
  }
  expect(await collector.end()).toBe(0);
  collector = startCollector();
  url = await collector.ready();
  const [applied] = await whole.query<{ files: string }>("SELECT count() AS files FROM schema_migrations");
  expect(Number(applied?.files)).toBe(readMigrations().length);
});

it("spreads spans over the shards, with all that is one trace on one of them", async () => {
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request(pairs.flatMap(spansOf))),
  });
  expect(response.status).toBe(200);
  // A view's rows may come a moment after the spans that they are made of.
  for (const table of ["spans", "trace_index", "hop_keys", "flow_origins"]) {
    await eventually(async () => {
      const rows = await Promise.all(each.map((store) => count(store, `${table}_local`)));
      expect(rows.reduce((sum, one) => sum + one, 0)).toBe(2 * orders);
      expect(Math.min(...rows)).toBeGreaterThan(0);
    });
  }
  const [first, second] = await Promise.all(
    each.map((store) => store.query<{ id: string }>("SELECT DISTINCT hex(trace_id) AS id FROM spans_local")),
  );
  expect(first?.filter(({ id }) => second?.some((other) => other.id === id))).toEqual([]);
});

it("joins a flow whose traces lie on different shards", async () => {
  const ids = pairs.flatMap(({ sent, taken }) => [sent, taken]);
  const rows = await whole.query<{ id: string; shard: number }>(
    "SELECT id, toUInt8(xxHash64(toFixedString(unhex(id), 16)) % 2) AS shard FROM (SELECT arrayJoin({ids:Array(String)}) AS id)",
    { ids },
  );
  const shardOf = new Map(rows.map(({ id, shard }) => [id, shard]));
  const apart = pairs.filter(({ sent, taken }) => shardOf.get(sent) !== shardOf.get(taken));
  expect(apart.length).toBeGreaterThan(0);
  for (const { sent, taken } of apart.slice(0, flowsRead)) {
    for (const asked of [sent, taken]) {
      const { spans } = await get<FlowResponse>(`/api/flows/${asked}`);
      expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([sent, taken]));
    }
  }
});

it("lists flows and counts invocations over both shards", async () => {
  const { flows } = await get<FlowListResponse>(`/api/flows?limit=${String(2 * orders)}`);
  expect(new Set(flows.map(({ id }) => id))).toEqual(new Set(pairs.map(({ sent }) => sent)));
  const { functions } = await get<FunctionListResponse>("/api/functions");
  expect(functions.map(({ name, invocations }) => [name, invocations])).toEqual([["payment", orders]]);
  const found = await get<{ spans: unknown[] }>(`/api/spans?attribute=order.number%3D7`);
  expect(found.spans).toHaveLength(1);
});

it("gives one span, exports a trace and says who calls whom, from either shard", async () => {
  for (const { sent } of pairs.slice(0, flowsRead)) {
    const { spans } = await get<FlowResponse>(`/api/flows/${sent}`);
    const { traceId, spanId } = spans.find((span) => span.traceId === sent) ?? { traceId: "", spanId: "" };
    const { span } = await get<{ span: { spanId: string } }>(`/api/spans/${traceId}/${spanId}`);
    expect(span.spanId).toBe(spanId);
    expect(JSON.stringify(await get(`/api/flows/${sent}/otlp`))).toContain(`"spanId":"${spanId}"`);
  }
  const now = String(Date.now());
  expect(await get(`/api/dependencies?endTs=${now}&lookback=3600000`)).toHaveProperty("data");
});

it("takes an insert that is sent again once, on every shard and in every rollup", async () => {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  const more = Array.from({ length: orders }, () => ({ sent: newId(16), taken: newId(16), message: newId(8) }));
  transcoder.transcode(otlpJsonToProtobuf(Buffer.from(JSON.stringify(request(more.flatMap(spansOf))))));
  const blocks = transcoder.takeBlocks().map(({ bytes }) => bytes);
  for (let attempt = 0; attempt < 3; attempt += 1) await whole.insertNative("spans", blocks, "one segment");
  expect(await count(whole, "spans")).toBe(4 * orders);
  const [sum] = await whole.query<{ invocations: string }>("SELECT sum(invocations) AS invocations FROM function_minutes WHERE step_s = 60");
  expect(Number(sum?.invocations)).toBe(2 * orders);
});

function startCollector(): Cli {
  return spawnCli(["start"], {
    HOPSCOPE_DATA_DIR: dataDir,
    HOPSCOPE_CLICKHOUSE_URL: shards.clickhouseUrl,
    HOPSCOPE_CLICKHOUSE_CLUSTER: CLUSTER,
    HOPSCOPE_CLICKHOUSE_DATABASE: database,
  });
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(url + path);
  const text = await response.text();
  if (!response.ok) throw new Error(`GET ${path} answered ${String(response.status)}: ${text}`);
  return JSON.parse(text) as T;
}

async function count(store: Store, table: string): Promise<number> {
  const [row] = await store.query<{ rows: string }>(`SELECT count() AS rows FROM ${table}`);
  return Number(row?.rows);
}

type Pair = (typeof pairs)[number];

/** The order's send, and the payment function's processing of what it took, in a trace of its own. */
function spansOf({ sent, taken, message }: Pair, number: number): object[] {
  const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  const messaging = (operation: string, destination: string) => [
    text("messaging.system", "aws_sqs"),
    text("messaging.operation.type", operation),
    text("messaging.destination.name", destination),
    text("messaging.message.id", message),
  ];
  const span = (traceId: string, kind: number, offsetMs: number, attributes: object[]) => ({
    traceId,
    spanId: newId(8),
    name: kind === 4 ? "send payments" : "process payments",
    kind,
    startTimeUnixNano: String(startNs + BigInt(offsetMs) * 1_000_000n),
    endTimeUnixNano: String(startNs + BigInt(offsetMs + 20) * 1_000_000n),
    attributes,
  });
  return [
    { service: "api", span: span(sent, 4, 0, [...messaging("send", "payments"), text("order.number", String(number))]) },
    { service: "payment", span: span(taken, 5, 50, [...messaging("process", "payments"), text("faas.trigger", "pubsub")]) },
  ];
}

function request(spans: object[]): object {
  const resourceSpans = (spans as { service: string; span: object }[]).map(({ service, span }) => ({
    resource: { attributes: [text("service.name", service)] },
    scopeSpans: [{ spans: [span] }],
  }));
  return { resourceSpans };
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

function newId(sizeBytes: number): string {
  return randomBytes(sizeBytes).toString("hex");
}
