import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import type { Socket } from "node:net";

/**
 * Reads `+ PID` and `- PID` lines and, when its input ends because its parent is gone, kills what is left.
 * A frozen process cannot notice that its parent died, so somebody else has to.
 */
const REAPER_SCRIPT = `
pids=""
while read -r op pid; do
  if [ "$op" = + ]; then pids="$pids $pid"; continue; fi
  left=""
  for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done
  pids=$left
done
for p in $pids; do kill -9 "-$p" 2>/dev/null || kill -9 "$p" 2>/dev/null; done
exit 0`;

let reaper: ChildProcess | undefined;

/**
 * Spawns a process that never outlives this one, even where this one is killed with SIGKILL while that one is
 * stopped. It leads a process group of its own, so that Ctrl-C reaches only this process, which then decides.
 */
export function spawnTied(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: process.platform !== "win32" });
  const { pid } = child;
  if (pid === undefined || process.platform === "win32") return child;
  tellReaper(`+ ${pid}`);
  child.once("exit", () => tellReaper(`- ${pid}`));
  return child;
}

function tellReaper(line: string): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`${line}\n`);
}

function startReaper(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", REAPER_SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.unref();
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  (child.stdin as unknown as Socket).unref();
  return child;
}
