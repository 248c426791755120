/** What the doctor looks at in the store: that the embedded one starts, or that a remote one is fit and has room. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectStore } from "../store/connection.ts";
import { startEmbedded } from "../store/embedded.ts";
import { silentLog } from "../store/log.ts";
import { remoteEndpoint } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";
import { checkOwnTables, checkServerTables } from "./doctor-migrations.ts";
import { failed, ok, sizeText, warning, type Finding } from "./doctor-report.ts";

/** The first whose inserts are recognised as repeats in views as well as in tables. */
const versionMin = [26, 2] as const;
/** What a server that is there needs at most for an answer, seconds. */
const answerTimeS = 5;
/** Between its clock and this machine's; alerts and retention go by the server's. */
const clockApartMaxS = 30;
/** Of a log table of the server, from where on it is worth a word. */
const systemLogLargeBytes = 1024 ** 3;
/** Of the server's refusal, characters. */
const reasonMaxLength = 200;

/** Whether the embedded database runs here: it is started for real, aside, and ended. */
export async function checkEmbedded(config: Pick<Config, "clickhouseBin" | "dataDir" | "database">): Promise<Finding[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-doctor-"));
  const startedMs = performance.now();
  try {
    const server = await startEmbedded({ dataDir, log: silentLog, binary: config.clickhouseBin });
    const tookMs = performance.now() - startedMs;
    const store = connectStore({ endpoint: server.endpoint, database: "default" });
    try {
      const starts = ok(`embedded ClickHouse ${await versionOf(store)} starts, in ${tookMs.toFixed(0)} ms`);
      return [starts, await checkOwnTables(config, store)];
    } finally {
      await store.close();
      await server.stop();
    }
  } catch (error) {
    return [failed(error instanceof Error ? error.message : String(error))];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Whether the ClickHouse server that the settings name answers, is new enough, lets us work and has room. */
export async function checkRemote(config: Pick<Config, "clickhouseUrl" | "database">): Promise<Finding[]> {
  const endpoint = remoteEndpoint(config.clickhouseUrl ?? "");
  const store = connectStore({ endpoint, database: "system" });
  try {
    const version = await versionOf(store);
    const checks = [checkRights, checkServerTables, checkServerClock, checkServerDisk, checkSystemLogs];
    const findings = [judgeVersion(version, endpoint().url)];
    for (const check of checks) findings.push(await check(store, config.database).catch(notSeen));
    return findings;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [failed(`ClickHouse at ${endpoint().url} cannot be used (${reason.trim()}): check HOPSCOPE_CLICKHOUSE_URL.`)];
  } finally {
    await store.close();
  }
}

/** A user who may not read a system table can still run the collector. */
function notSeen(error: unknown): Finding {
  return warning(`not seen, as the server refused: ${error instanceof Error ? error.message : String(error)}`);
}

async function versionOf(store: Store): Promise<string> {
  return (await rowOf<{ version: string }>(store, "SELECT version() AS version"))?.version ?? "of unknown version";
}

async function rowOf<Row>(store: Store, sql: string, params?: Record<string, unknown>): Promise<Row | undefined> {
  return (await store.query<Row>(sql, params, { bounds: { timeS: answerTimeS } }))[0];
}

/** Exported for its test: a server of every version is not at hand. */
export function judgeVersion(version: string, url: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < versionMin[0] || (major === versionMin[0] && minor < versionMin[1]);
  if (!isOld) return ok(`ClickHouse ${version} answers at ${url}`);
  return failed(
    `ClickHouse ${version} at ${url} is older than ${versionMin.join(".")}, and would count repeated inserts twice: update it.`,
  );
}

/** Does with a table of its own what the migrations and the loader do, and removes it. */
async function checkRights(store: Store, database: string): Promise<Finding> {
  const existing = await store.query("SELECT name FROM system.databases WHERE name = {database:String}", { database });
  const probe = `doctor_${randomBytes(8).toString("hex")}`;
  const params = { database, from: `${probe}_from`, to: `${probe}_to`, view: `${probe}_view` };
  const [from, to, view] = ["from", "to", "view"].map((name) => `{database:Identifier}.{${name}:Identifier}`);
  const steps: readonly string[] = [
    "CREATE DATABASE IF NOT EXISTS {database:Identifier}",
    `CREATE TABLE ${from} (n UInt8) ENGINE = MergeTree ORDER BY n`,
    `CREATE TABLE ${to} (n UInt8) ENGINE = MergeTree ORDER BY n`,
    `ALTER TABLE ${from} ADD COLUMN m UInt8`,
    `CREATE MATERIALIZED VIEW ${view} TO ${to} AS SELECT n FROM ${from}`,
    `INSERT INTO ${from} (n) VALUES (1)`,
  ];
  try {
    for (const step of steps) await store.command(step, params);
    return ok(`its user may work in the database ${database}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, reasonMaxLength) : String(error);
    return failed(`its user may not work in the database ${database} (${reason}): GRANT ALL ON ${database}.* TO that user`);
  } finally {
    const left = [view, from, to].map((name) => `DROP TABLE IF EXISTS ${name}`);
    if (existing.length === 0) left.push("DROP DATABASE IF EXISTS {database:Identifier}");
    for (const statement of left) await store.command(statement, params).catch(() => undefined);
  }
}

async function checkServerClock(store: Store): Promise<Finding> {
  const beforeMs = Date.now();
  const row = await rowOf<{ ms: string }>(store, "SELECT toUnixTimestamp64Milli(now64(3)) AS ms");
  const apartS = Math.abs(Number(row?.ms) - (beforeMs + Date.now()) / 2) / 1000;
  if (apartS <= clockApartMaxS) return ok("its clock and this machine's agree");
  return failed(`its clock and this machine's are ${apartS.toFixed(0)} s apart: set both by a time server.`);
}

async function checkServerDisk(store: Store): Promise<Finding> {
  const row = await rowOf<{ name: string; free: string }>(
    store,
    "SELECT name, unreserved_space AS free FROM system.disks WHERE type = 'Local' ORDER BY free LIMIT 1",
  );
  if (!row) return ok("it has no local disk that could fill up");
  const free = `${sizeText(Number(row.free))} are free on its disk ${row.name}`;
  return Number(row.free) >= systemLogLargeBytes ? ok(free) : failed(`${free}: give it more, or it will refuse inserts.`);
}

/** A log that the server keeps of itself. */
export interface SystemLog {
  readonly name: string;
  readonly sizeBytes: number;
  readonly hasTtl: boolean;
}

async function checkSystemLogs(store: Store, database: string): Promise<Finding> {
  const rows = await store.query<{ name: string; bytes: string; ttl: number }>(
    `SELECT name, ifNull(total_bytes, 0) AS bytes, position(engine_full, ' TTL ') > 0 AS ttl FROM system.tables
     WHERE database = 'system' AND match(name, '_log(_\\\\d+)?$') ORDER BY bytes DESC`,
    {},
    { bounds: { timeS: answerTimeS } },
  );
  const ours = await rowOf<{ bytes: string }>(
    store,
    "SELECT sum(total_bytes) AS bytes FROM system.tables WHERE database = {database:String}",
    { database },
  );
  const logs = rows.map(({ name, bytes, ttl }) => ({ name, sizeBytes: Number(bytes), hasTtl: ttl === 1 }));
  return judgeSystemLogs(logs, Number(ours?.bytes ?? 0));
}

/** What the server writes about itself may outgrow what it is there for. */
export function judgeSystemLogs(logs: readonly SystemLog[], ownBytes: number): Finding {
  const total = logs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sizes = `its system logs take ${sizeText(total)}, Hopscope's tables ${sizeText(ownBytes)}`;
  const left = logs.filter(({ name, sizeBytes }) => /_\d+$/.test(name) && sizeBytes > 0);
  const endless = logs.filter(({ sizeBytes, hasTtl }) => !hasTtl && sizeBytes >= systemLogLargeBytes);
  const advice = [
    ...left.map(({ name }) => `DROP TABLE system.${name}`),
    ...endless
      .filter(({ name }) => !left.some((one) => one.name === name))
      .map(({ name }) => `ALTER TABLE system.${name} MODIFY TTL event_date + INTERVAL 7 DAY`),
  ];
  if (advice.length > 0) return warning(`${sizes}, and grow without end: ${advice.join("; ")}`);
  if (total < systemLogLargeBytes || total < ownBytes) return ok(sizes);
  return warning(`${sizes}: shorten their <ttl> in the server's configuration, or remove those that nobody reads.`);
}
