/** `hopscope demo`: the collector, and the checkout example sending orders through it. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { FlowListResponse } from "../../schema/api.ts";
import { readConfig, type Config } from "./config.ts";
import { exampleEnvironment } from "./demo-access.ts";
import { closeOnSignal } from "./lifetime.ts";
import { collectorLog } from "./log.ts";
import { readerHeaders } from "./reader-access.ts";
import { startCollector } from "./start-collector.ts";

const exampleFile = fileURLToPath(new URL("../../examples/checkout/main.ts", import.meta.url));
/** What the example is given to end its functions by itself, milliseconds: a tenth of it where nothing else runs. */
const exampleGraceMs = 800;
/** By then its last spans are with the collector, or will not come, milliseconds. */
const exampleHeadStartMs = 400;
/** From the example's start to its first order on the page; a slow machine is not told to wait for longer. */
const firstOrderWaitMs = 20_000;
const firstOrderPollMs = 200;

/** Runs until a signal ends the process. */
export async function demo(): Promise<void> {
  const config = readConfig(process.env);
  const log = collectorLog(config.logLevel, config.logFormat ?? "text");
  say("Starting the collector with its database ...");
  const collector = await startCollector(config, log, { alertPack: "demo" });
  const example = existsSync(exampleFile) ? startExample(collector.endpoint, config) : undefined;
  process.once("exit", () => example !== undefined && killGroup(example));
  const ended = closeOnSignal(async () => {
    log.mute();
    const exampleEnded = example === undefined ? undefined : endGroup(example);
    await Promise.race([exampleEnded, delay(exampleHeadStartMs)]);
    await Promise.all([exampleEnded, collector.close()]);
  }, config.shutdownMs);
  if (example === undefined) {
    say("examples/checkout is not part of this installation, so nothing sends orders: clone the repository for it.");
  } else {
    await firstOrder(collector.endpoint, config);
  }
  say(`Hopscope is ready; Ctrl-C ends everything. To follow the orders, open ${collector.url}`);
  await ended;
}

/** Waits until the page has something to show. */
async function firstOrder(endpoint: string, config: Config): Promise<void> {
  say("Starting the checkout example: a shop front, SNS, SQS, functions and a container on this machine ...");
  const headers = readerHeaders(config);
  const giveUpAt = performance.now() + firstOrderWaitMs;
  while (performance.now() < giveUpAt) {
    const arrived = await fetch(`${endpoint}/api/flows?limit=1`, { headers }).then(hasFlows, () => false);
    if (arrived) return;
    await delay(firstOrderPollMs);
  }
}

async function hasFlows(response: Response): Promise<boolean> {
  const body = (await response.json()) as Partial<FlowListResponse>;
  return (body.flows?.length ?? 0) > 0;
}

/** In a process group of its own, so that its functions, frozen ones included, can be ended with it. */
function startExample(endpoint: string, config: Config): ChildProcess {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", exampleFile], {
    // Its standard input closes when this process dies, however it dies.
    stdio: ["pipe", "inherit", "inherit"],
    detached: true,
    env: exampleEnvironment(process.env, endpoint, config),
  });
  child.once("exit", (code, signal) => {
    if (signal === null && code !== 0) say(`The checkout example ended with exit code ${String(code)}.`);
  });
  return child;
}

async function endGroup(child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child) : Promise.resolve();
  child.kill("SIGTERM");
  const overdue = setTimeout(() => killGroup(child), exampleGraceMs);
  await gone;
  clearTimeout(overdue);
  killGroup(child);
}

function once(child: ChildProcess): Promise<void> {
  return new Promise((settle) => child.once("exit", () => settle()));
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group is gone already.
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
