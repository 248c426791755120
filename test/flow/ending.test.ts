/** The example leaves nothing behind, not even functions that are frozen and so cannot notice that they should end. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { descendants, isRunning } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";

const script = fileURLToPath(new URL("../../examples/checkout/main.ts", import.meta.url));
/** Nobody listens there: what a shop does whose collector is down. */
const nowhere = "http://127.0.0.1:9";

let shop: ChildProcess | undefined;
afterEach(() => void shop?.kill("SIGKILL"));

/** Opens the shop and waits until it has a frozen function; all its processes. */
async function openShop(): Promise<{ child: ChildProcess; pids: number[] }> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    stdio: ["pipe", "ignore", "inherit"],
    env: { PATH: process.env["PATH"], OTEL_EXPORTER_OTLP_ENDPOINT: nowhere },
  });
  shop = child;
  const pids = await eventually(() => {
    const found = descendants(child.pid ?? 0);
    if (!found.some(isFrozen)) throw new Error("no function is frozen yet");
    return found;
  });
  return { child, pids };
}

function isFrozen(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, "utf8").split(") ").at(-1)?.startsWith("T") === true;
  } catch {
    return false;
  }
}

const endings: [string, (child: ChildProcess) => unknown][] = [
  ["Ctrl-C", (child) => child.kill("SIGINT")],
  ["SIGTERM", (child) => child.kill("SIGTERM")],
  ["the end of its input", (child) => child.stdin?.end()],
  ["SIGKILL", (child) => child.kill("SIGKILL")],
];

it.skipIf(process.platform !== "linux").for(endings)("%s ends every process of the shop", async ([, end]) => {
  const { child, pids } = await openShop();
  expect(pids.length).toBeGreaterThan(1);
  end(child);
  await eventually(() => expect([child.pid ?? 0, ...pids].filter(isRunning)).toEqual([]));
});
