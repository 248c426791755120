/** The command as a user starts it: a child process with a port and a data directory of its own. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";

const main = fileURLToPath(new URL("../../collector/cli/main.ts", import.meta.url));
/** From start to the ready line on a machine that does other things as well, milliseconds. */
const readyTimeoutMs = 60_000;
/** For the end, which must be clean where a test asks for it, however busy the machine is, milliseconds. */
const shutdownMs = "60000";

export interface Cli {
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code once the process is gone and its output is read to the end. */
  readonly exitCode: Promise<number | null>;
  /** Waits for the line that says that it is ready; the address of the UI. */
  ready(): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Ends it as Ctrl-C does and waits for that; the exit code. */
  end(): Promise<number | null>;
}

/** A directory that is removed when the test is finished. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "hopscope-cli-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts `hopscope ...args` for one test; what is left of it is killed when the test is finished. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli {
  const cli = spawnCli(args, env);
  onTestFinished(async () => {
    cli.signal("SIGKILL");
    await cli.exitCode;
  });
  return cli;
}

/** Starts `hopscope ...args`; the caller ends it. */
export function spawnCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      HOPSCOPE_PORT: "0",
      HOPSCOPE_GRPC_PORT: "off",
      HOPSCOPE_SHUTDOWN_MS: shutdownMs,
      ...env,
    },
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => (text[name] += chunk));
  }
  const exitCode = new Promise<number | null>((settle) => child.once("close", settle));
  return {
    pid: child.pid ?? 0,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    exitCode,
    signal: (name) => void child.kill(name),
    end() {
      child.kill("SIGINT");
      return exitCode;
    },
    ready: () =>
      vi.waitFor(
        () => {
          if (child.exitCode !== null) throw new Error(`it ended: ${text.stderr}`);
          const url = /open (http:[^\s"]+)/i.exec(text.stdout)?.[1];
          if (url === undefined) throw new Error(`not ready: ${text.stdout}${text.stderr}`);
          return url;
        },
        { timeout: readyTimeoutMs, interval: 50 },
      ),
  };
}

/** Every process below `pid` now, by /proc. */
export function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const found = [pid];
  for (const parent of found) found.push(...parents.filter((one) => one.parent === parent).map((one) => one.pid));
  return found.slice(1);
}

/** Whether a process is there; one that only waits to be reaped is not. */
export function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${String(pid)}`)) return false;
  return statOf(String(pid))?.state !== "Z" && statOf(String(pid)) !== undefined;
}

function parentOf(pid: string): number {
  return statOf(pid)?.parent ?? 0;
}

function statOf(pid: string): { state: string; parent: number } | undefined {
  try {
    // After the name, which may hold anything: state, parent.
    const [state = "", parent = "0"] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
