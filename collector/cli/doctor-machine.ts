/** What the doctor looks at on this machine: Node, the data directory and its disk, the ports, the clock, the log. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  statfsSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ListenError, serveApp } from "../http/serve.ts";
import { diskFreeMinBytes } from "../ingest/limits.ts";
import { isUnusedSegment, segmentHeadBytes } from "../ingest/segment.ts";
import { lockDataDir } from "../store/data-dir.ts";
import { StoreStartError } from "../store/start-error.ts";
import type { Config } from "./config.ts";
import { failed, ok, sizeText, warning, type Finding } from "./doctor-report.ts";

/** What a collector makes below its data directory. */
const FOLDERS = ["store", "store-config", "wal"];
/** Oldest Node that the collector's packages allow. */
const nodeMajorMin = 20;
/** Below it a busy day may fill the disk: ten minutes of 100,000 spans a second at 69 bytes each, and their log. */
const diskFreeLowBytes = 8 * 1024 ** 3;
/** What a collector that runs is given to answer, ms. */
const healthTimeoutMs = 2_000;
/** Of a clock that was set back; smaller steps are a time server's. */
const clockStepMs = 60_000;
/** The last date that there is; what is beyond it was not written by a collector. */
const dateMaxMs = 8.64e15;
/** OTLP's port for gRPC, taken where no setting names one. */
const grpcPortDefault = 4317;

/** Whether this Node runs the collector. */
export function checkNode(version = process.versions.node): Finding {
  const major = Number(version.split(".")[0]);
  return major < nodeMajorMin ? failed(`Node ${version} is too old: install Node 24.`) : ok(`Node ${version}`);
}

/** Whether the data directory can be written, and is nobody else's. */
export async function checkDataDir(config: Pick<Config, "dataDir" | "host" | "port">): Promise<Finding> {
  const { dataDir } = config;
  const missing = firstMissing(resolve(dataDir));
  try {
    (await lockDataDir(dataDir)).release();
    // Made to see whether it can be: left behind, it would belong to whoever called the doctor.
    if (missing !== undefined) rmSync(missing, { recursive: true });
    const closed = FOLDERS.map((name) => join(dataDir, name)).find((path) => existsSync(path) && !isOpen(path));
    if (closed !== undefined) return failed(closedMessage(closed));
    return ok(`data directory ${dataDir} is writable and free`);
  } catch (error) {
    if (!(error instanceof StoreStartError)) throw error;
    if (error.reason === "data-dir-in-use" && (await collectorAnswers(config))) {
      return ok(`data directory ${dataDir} is held by the collector that runs`);
    }
    return failed(error.message);
  }
}

/** The highest directory on the way to `dir` that is not there; undefined where all are. */
function firstMissing(dir: string): string | undefined {
  if (existsSync(dir)) return undefined;
  return firstMissing(dirname(dir)) ?? dir;
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function closedMessage(path: string): string {
  return (
    `${path} cannot be read and written: it belongs to user ${String(statSync(path).uid)}, as whom a collector ran here ` +
    "before. Run it as that user, give the directory and all below it to this one (chown -R), or set HOPSCOPE_DATA_DIR."
  );
}

/** Whether the disk of the data directory has room. */
export function checkDisk({ dataDir }: Pick<Config, "dataDir">, freeBytes = freeBytesOf(dataDir)): Finding {
  const free = `${sizeText(freeBytes)} are free on the disk of ${dataDir}`;
  if (freeBytes < diskFreeMinBytes) {
    return failed(
      `${free}; below ${sizeText(diskFreeMinBytes)} the collector takes nothing (503): free some, ` +
        "or set HOPSCOPE_DATA_DIR to another disk.",
    );
  }
  if (freeBytes >= diskFreeLowBytes) return ok(free);
  return warning(`${free}, which is not much: free some, or keep spans for fewer days (HOPSCOPE_RETENTION_DAYS).`);
}

function freeBytesOf(dataDir: string): number {
  let dir = dataDir;
  while (!existsSync(dir)) dir = dirname(dir);
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** Whether the port of OTLP/HTTP, the API and the UI can be had. */
export async function checkPort(config: Pick<Config, "host" | "port">): Promise<Finding> {
  const { host, port } = config;
  const refused = await listenRefusal(host, port);
  if (!refused) return ok(`port ${String(port)} on ${host} is free`);
  if (await collectorAnswers(config)) return ok(`port ${String(port)} on ${host} is held by a collector that answers`);
  return failed(refused.message);
}

/** Whether the port of OTLP/gRPC can be had, where it is not off. */
export async function checkGrpcPort(config: Pick<Config, "host" | "port" | "grpcPort">): Promise<Finding> {
  const { host, grpcPort } = config;
  if (grpcPort === "off") return ok("OTLP/gRPC is off");
  const port = grpcPort ?? grpcPortDefault;
  const refused = await listenRefusal(host, port);
  if (!refused) return ok(`port ${String(port)} on ${host} is free for OTLP/gRPC`);
  if (await collectorAnswers(config)) return ok(`port ${String(port)} on ${host} is taken, and a collector runs`);
  const advice = "stop what listens there, or choose another port with HOPSCOPE_GRPC_PORT.";
  if (grpcPort === undefined && refused.code === "port-in-use") {
    return warning(`port ${String(port)} on ${host} is taken, so OTLP/gRPC will be off: ${advice}`);
  }
  return failed(refused.message.replace("HOPSCOPE_PORT", "HOPSCOPE_GRPC_PORT"));
}

async function listenRefusal(host: string, port: number): Promise<ListenError | undefined> {
  try {
    await (await serveApp({ fetch: () => new Response() }, { host, port })).close();
    return undefined;
  } catch (error) {
    if (error instanceof ListenError) return error;
    throw error;
  }
}

async function collectorAnswers({ host, port }: Pick<Config, "host" | "port">): Promise<boolean> {
  const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const url = `http://${reached.includes(":") ? `[${reached}]` : reached}:${String(port)}/healthz`;
  return fetch(url, { signal: AbortSignal.timeout(healthTimeoutMs) }).then(
    async (response) => response.ok && (await response.text()) === "ok\n",
    () => false,
  );
}

/** Whether the clock is behind what the collector itself noted before. */
export function checkClock({ dataDir }: Pick<Config, "dataDir">, nowMs = Date.now()): Finding {
  const notedMs = newestNoteMs(join(dataDir, "wal", "requests"));
  if (notedMs === undefined || nowMs > notedMs - clockStepMs) return ok(`the clock says ${new Date(nowMs).toISOString()}`);
  return failed(
    `the clock says ${new Date(nowMs).toISOString()}, but the collector ran at ${new Date(notedMs).toISOString()} already: ` +
      "set it right (a time server keeps it so); spans that seem to come from the future are stored at their arrival.",
  );
}

/** The files of recent requests have the time at which they were begun in their names. */
function newestNoteMs(dir: string): number | undefined {
  const times = namesIn(dir)
    .flatMap((name) => (/^\d{16}-/.test(name) ? [Number(name.slice(0, 16))] : []))
    .filter((ms) => ms <= dateMaxMs);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Whether anything acknowledged could not be loaded, or waits. */
export function checkSegments({ dataDir }: Pick<Config, "dataDir">): Finding {
  const wal = join(dataDir, "wal");
  const aside = segmentsIn(join(wal, "damaged"));
  const waiting = segmentsIn(wal, (path) => !isUnusedSegment(headOf(path)));
  const wait = waiting.count === 0 ? "none waits for the store" : `${segmentsText(waiting)} waiting for the store`;
  if (aside.count === 0) return ok(`no segment is set aside, ${wait}`);
  return warning(
    `${segmentsText(aside)} set aside in ${join(wal, "damaged")}, ${wait}: what is whole in damaged ones is loaded, ` +
      "what the store refused or the disk did not give back is not. See the log for the cause (a bad disk, a killed " +
      "machine); move back to wal/ what can be read again, and delete the rest when it is reported.",
  );
}

function segmentsText({ count, sizeBytes }: ReturnType<typeof segmentsIn>): string {
  return `${String(count)} ${count === 1 ? "segment" : "segments"} (${sizeText(sizeBytes)})`;
}

function segmentsIn(
  dir: string,
  isCounted: (path: string) => boolean = () => true,
): { readonly count: number; readonly sizeBytes: number } {
  const paths = namesIn(dir).flatMap((name) => (name.endsWith(".seg") ? [join(dir, name)] : [])).filter(isCounted);
  const sizeBytes = paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  return { count: paths.length, sizeBytes };
}

/** The first bytes of a file; none where a collector that runs took it away meanwhile, or it cannot be read. */
function headOf(path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const head = Buffer.alloc(segmentHeadBytes);
    return head.subarray(0, readSync(file, head));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function namesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
