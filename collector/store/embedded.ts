/**
 * The embedded store: a ClickHouse server in a child process on a free port of 127.0.0.1, watched and restarted.
 *
 * It comes out of libchdb (see server-child.mjs), or out of a `clickhouse` binary where one is given.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lockFile, unwritable } from "./data-dir.ts";
import { STORE_USER, writeEmbeddedConfig } from "./embedded-config.ts";
import type { Log } from "./log.ts";
import { removeCutDatabases } from "./remove-cut-databases.ts";
import { repairDeduplicationLogs } from "./repair-deduplication.ts";
import { StoreStartError } from "./start-error.ts";

/** The bootstrap statement opens the listener; the second waits for ever, as the server ends with its session. */
const BOOTSTRAP_SQL =
  "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM system.numbers FORMAT Null " +
  "SETTINGS max_block_size = 1, max_execution_time = 0";
/** From spawn to the first answer of `/ping`; replaying a large store's parts takes most of it, ms. */
const startTimeoutMs = 120_000;
const pingIntervalMs = 20;
/** A killed server's lock on the path goes with its process, which may still be writing a core or a part, ms. */
const pathLockWaitMs = 10_000;
const pathLockRetryMs = 200;
const restartDelayMinMs = 100;
const restartDelayMaxMs = 10_000;
/** A server that ran this long was healthy: the next restart is at once again, ms. */
const healthyAfterMs = 60_000;
/** From SIGTERM to SIGKILL, ms; SIGTERM took 15-40 ms when measured. */
const stopTimeoutMs = 1_500;
/** Of stderr, kept for messages, bytes. */
const stderrTailBytes = 8_192;
/** Upper limit of the default memory limit, bytes: more serves a bigger machine's owner than its store. */
const memoryLimitMaxBytes = 4 * 1024 ** 3;
const memoryLimitFraction = 0.5;
const CANNOT_RUN_EXIT_CODE = 3;
/** The file on which a running server holds a `flock`. */
const LOCK_NAME = "status";

/** Where a ClickHouse server answers HTTP, and as whom to ask it. */
export interface Endpoint {
  /** `http://127.0.0.1:<port>`; changes when a restart had to take another port. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** How the server is run. */
export interface EmbeddedOptions {
  /** Its `store` folder becomes the server's path. */
  readonly dataDir: string;
  readonly log: Log;
  /** A `clickhouse` binary to run in place of libchdb. */
  readonly binary?: string | undefined;
  readonly memoryLimitBytes?: number | undefined;
}

/** A server that is started again whenever it dies, until it is stopped. */
export interface EmbeddedServer {
  endpoint(): Endpoint;
  /** Process id of the server that runs now; 0 between a death and its restart. */
  pid(): number;
  /** Times the server died and was started again. */
  restarts(): number;
  /** Ends the server; resolves when its process is gone. */
  stop(): Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly exited: Promise<void>;
}

/**
 * Starts the server and resolves once it answers.
 *
 * @throws StoreStartError `cannot-run`, or `data-dir-in-use` where another server holds the path
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const password = randomBytes(24).toString("base64url");
  const dataPath = join(resolve(options.dataDir), "store");
  const configFile = writeFiles(options, dataPath, password);
  const launch = (port: number) =>
    startOnce({ dataPath, configFile, binary: options.binary, port, log: options.log });

  let running: Running | undefined = await launch(await freePort());
  let endpoint: Endpoint = { url: localUrl(running.port), username: STORE_USER, password };
  let restartCount = 0;
  const stopping = new AbortController();
  const supervised = supervise();

  return {
    endpoint: () => endpoint,
    pid: () => running?.child.pid ?? 0,
    restarts: () => restartCount,
    async stop() {
      stopping.abort();
      if (running) await endProcess(running);
      await supervised;
    },
  };

  async function supervise(): Promise<void> {
    let delayMs = restartDelayMinMs;
    while (!stopping.signal.aborted) {
      const startedAt = Date.now();
      const last: Running | undefined = running;
      await last?.exited;
      running = undefined;
      if (stopping.signal.aborted) return;
      if (Date.now() - startedAt > healthyAfterMs) delayMs = restartDelayMinMs;
      restartCount += 1;
      options.log.warn({ exitCode: last?.child.exitCode, signal: last?.child.signalCode }, "store died; restarting it");
      await delay(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, restartDelayMaxMs);
      if (stopping.signal.aborted) return;
      running = await restart(last?.port);
    }
  }

  async function restart(lastPort: number | undefined): Promise<Running | undefined> {
    try {
      const started = await launch(lastPort !== undefined && (await isFree(lastPort)) ? lastPort : await freePort());
      endpoint = { ...endpoint, url: localUrl(started.port) };
      if (stopping.signal.aborted) await endProcess(started);
      else options.log.info({ pid: started.child.pid, url: endpoint.url }, "store is back");
      return started;
    } catch (error) {
      options.log.error({ error: error instanceof Error ? error.message : String(error) }, "store did not restart");
      return undefined;
    }
  }
}

function writeFiles({ dataDir, memoryLimitBytes }: EmbeddedOptions, dataPath: string, password: string): string {
  const configDir = join(resolve(dataDir), "store-config");
  try {
    mkdirSync(join(dataPath, "tmp"), { recursive: true });
    const limit = memoryLimitBytes ?? defaultMemoryLimitBytes();
    return writeEmbeddedConfig({ configDir, dataPath, password, memoryLimitBytes: limit });
  } catch (error) {
    throw unwritable(dataDir, error);
  }
}

interface LaunchOptions {
  readonly dataPath: string;
  readonly configFile: string;
  readonly binary: string | undefined;
  readonly port: number;
  readonly log: Log;
}

/** Starts until it answers, waiting for the path's lock where a server that was just killed still holds it. */
async function startOnce(options: LaunchOptions): Promise<Running> {
  const giveUpAt = Date.now() + pathLockWaitMs;
  await repairInterrupted(options);
  for (;;) {
    const { running, stderr } = launchProcess(options);
    const outcome = await Promise.race([
      waitForPing(options.port, running.child).then(() => "ready" as const),
      running.exited.then(() => "exited" as const),
    ]);
    if (outcome === "ready" && running.child.exitCode === null) return running;
    const failure = startFailure(running.child, stderr(), options.dataPath);
    if (failure.reason !== "data-dir-in-use" || Date.now() > giveUpAt) throw failure;
    await delay(pathLockRetryMs);
  }
}

/** What a server that was killed left half done is taken back before the next one reads it. */
async function repairInterrupted({ dataPath, log }: LaunchOptions): Promise<void> {
  const lockPath = join(dataPath, LOCK_NAME);
  // None before the first start. Where it stays locked another server runs, which the start will say.
  const release = existsSync(lockPath) ? await lockFile(lockPath, pathLockWaitMs) : undefined;
  if (release === undefined) return;
  try {
    removeCutDatabases(dataPath, log);
    const entries = repairDeduplicationLogs(dataPath);
    if (entries > 0) log.warn({ entries }, "store was killed in an insert; what it had not finished is inserted again");
  } finally {
    release();
  }
}

function launchProcess({ dataPath, configFile, binary, port }: LaunchOptions) {
  const args = [
    ...["--path", dataPath, "--config-file", configFile, "--listen_host", "127.0.0.1"],
    ...["--http_port", String(port), "--query", BOOTSTRAP_SQL],
  ];
  const script = fileURLToPath(new URL("./server-child.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["pipe", "ignore", "pipe"],
    // What tunes this process (inspector, loaders, test runners) is not meant for the store's.
    env: {
      PATH: process.env["PATH"],
      TZ: "UTC",
      HOME: dataPath,
      COLLECTOR_PID: String(process.pid),
      ...(binary && { CLICKHOUSE_BINARY: binary }),
    },
  });
  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-stderrTailBytes);
  });
  const exited = new Promise<void>((settle) => {
    child.once("close", () => settle());
    child.once("error", (error) => {
      tail += error.message;
      settle();
    });
  });
  return { running: { child, port, exited }, stderr: () => tail };
}

function startFailure(child: ChildProcess, stderr: string, dataPath: string): StoreStartError {
  const lines = stderr.trim().split("\n");
  const reason = (lines.find((line) => line.includes("DB::Exception")) ?? lines.at(-1) ?? "").slice(0, 500);
  if (/Cannot lock file|Another server instance/i.test(stderr)) {
    return new StoreStartError(
      "data-dir-in-use",
      `The store's path ${dataPath} is in use by another process: stop it, or set HOPSCOPE_DATA_DIR.`,
    );
  }
  const how = child.exitCode === CANNOT_RUN_EXIT_CODE ? "" : ` (${child.signalCode ?? `exit ${String(child.exitCode)}`})`;
  return new StoreStartError(
    "cannot-run",
    `The embedded ClickHouse does not run on this machine${how}: ${reason || "no message"}. ` +
      "Set HOPSCOPE_CLICKHOUSE_URL to a ClickHouse server, or HOPSCOPE_CLICKHOUSE_BIN to a clickhouse binary.",
  );
}

async function waitForPing(port: number, child: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + startTimeoutMs;
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const answered = await fetch(`${localUrl(port)}/ping`).then(
      async (response) => (await response.text()) === "Ok.\n",
      () => false,
    );
    if (answered) return;
    if (Date.now() > giveUpAt) child.kill("SIGKILL");
    await delay(pingIntervalMs);
  }
}

async function endProcess({ child, exited }: Running): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}

/** A port that was free a moment ago: ClickHouse cannot be asked which one it took. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle, fail) => server.once("error", fail).listen(0, "127.0.0.1", settle));
  const address = server.address();
  await new Promise((settle) => server.close(settle));
  if (address === null || typeof address === "string") throw new Error("no port given by the system");
  return address.port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((settle) => {
    server.once("error", () => settle(false)).listen(port, "127.0.0.1", () => settle(true));
  });
  if (free) await new Promise((settle) => server.close(settle));
  return free;
}

function localUrl(port: number): string {
  return `http://127.0.0.1:${String(port)}`;
}

function defaultMemoryLimitBytes(): number {
  return Math.min(Math.floor(totalmem() * memoryLimitFraction), memoryLimitMaxBytes);
}
