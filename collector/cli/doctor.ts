/** `hopscope doctor`: whether the collector can run here. It tries each thing for real and leaves nothing behind. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveApp } from "../http/serve.ts";
import { connectStore } from "../store/connection.ts";
import { lockDataDir } from "../store/data-dir.ts";
import { startEmbedded, type Endpoint } from "../store/embedded.ts";
import { silentLog } from "../store/log.ts";
import { remoteEndpoint } from "../store/open-store.ts";
import { readConfig, type Config } from "./config.ts";

/** Oldest Node that the collector's packages allow. */
const nodeMajorMin = 20;
/** What a ClickHouse server that is there needs at most for its version, seconds. */
const versionTimeS = 5;

/** Prints a line for each check; the exit code is 1 where one failed. */
export async function doctor(): Promise<void> {
  const config = readConfig(process.env);
  const checks = [checkNode, checkDataDir, checkPort, config.clickhouseUrl === undefined ? checkEmbedded : checkRemote];
  for (const check of checks) {
    try {
      process.stdout.write(`ok      ${await check(config)}\n`);
    } catch (error) {
      process.stdout.write(`FAILED  ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
  }
}

async function checkNode(): Promise<string> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < nodeMajorMin) throw new Error(`Node ${process.versions.node} is too old: install Node 24.`);
  return `Node ${process.versions.node}`;
}

async function checkDataDir({ dataDir }: Config): Promise<string> {
  const lock = await lockDataDir(dataDir);
  lock.release();
  return `data directory ${dataDir} is writable and free`;
}

async function checkPort({ host, port }: Config): Promise<string> {
  const serving = await serveApp({ fetch: () => new Response() }, { host, port });
  await serving.close();
  return `port ${String(port)} on ${host} is free`;
}

async function checkEmbedded({ clickhouseBin }: Config): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "hopscope-doctor-"));
  const startedMs = performance.now();
  try {
    const server = await startEmbedded({ dataDir, log: silentLog, binary: clickhouseBin });
    const tookMs = performance.now() - startedMs;
    const version = await versionAt(server.endpoint).finally(() => server.stop());
    return `embedded ClickHouse ${version} starts, in ${tookMs.toFixed(0)} ms`;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function checkRemote({ clickhouseUrl }: Config): Promise<string> {
  const endpoint = remoteEndpoint(clickhouseUrl ?? "");
  try {
    return `ClickHouse ${await versionAt(endpoint)} answers at ${endpoint().url}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`ClickHouse at ${endpoint().url} does not answer (${reason}): check HOPSCOPE_CLICKHOUSE_URL.`, {
      cause: error,
    });
  }
}

async function versionAt(endpoint: () => Endpoint): Promise<string> {
  const store = connectStore({ endpoint, database: "system" });
  try {
    const [row] = await store.query<{ version: string }>("SELECT version() AS version", undefined, {
      bounds: { timeS: versionTimeS },
    });
    return row?.version ?? "of unknown version";
  } finally {
    await store.close();
  }
}
