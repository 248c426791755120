/** `hopscope demo`: the collector, and the checkout example sending orders through it. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readConfig } from "./config.ts";
import { closeOnSignal } from "./lifetime.ts";
import { textLog } from "./log.ts";
import { startCollector } from "./start-collector.ts";

const exampleFile = fileURLToPath(new URL("../../examples/checkout/main.ts", import.meta.url));
/** What the example is given to end its functions by itself, milliseconds. */
const exampleGraceMs = 800;

/** Runs until a signal ends the process. */
export async function demo(): Promise<void> {
  const config = readConfig(process.env);
  const log = textLog(config.logLevel);
  say("Starting the collector with its database ...");
  const collector = await startCollector(config, log);
  const example = startExample(collector.endpoint);
  if (example === undefined) {
    say("examples/checkout is not part of this installation, so nothing sends orders. Clone the repository for it.");
  } else {
    say("Starting the checkout example: shop front, SNS, SQS and functions on this machine ...");
  }
  say(`Hopscope is ready. Open ${collector.url} to follow the orders; Ctrl-C ends everything.`);
  await closeOnSignal(async () => {
    log.mute();
    await Promise.all([example === undefined ? undefined : endGroup(example), collector.close()]);
  });
}

/** In a process group of its own, so that its functions, frozen ones included, can be ended with it. */
function startExample(endpoint: string): ChildProcess | undefined {
  if (!existsSync(exampleFile)) return undefined;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", exampleFile], {
    // Its standard input closes when this process dies, however it dies.
    stdio: ["pipe", "inherit", "inherit"],
    detached: true,
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
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
