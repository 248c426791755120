import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, vi } from "vitest";

/** Starts a child, stops it, tells its pid, then waits to be killed. */
const PARENT = `
import { spawnTied } from ${JSON.stringify(new URL("tied-process.ts", import.meta.url).href)};
const child = spawnTied(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "ignore" });
child.kill("SIGSTOP");
console.log(child.pid);
setInterval(() => undefined, 1000);
`;

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it.skipIf(process.platform === "win32")("ends a frozen process when its parent is killed", async () => {
  const parent = spawn(process.execPath, ["--input-type=module", "-e", PARENT], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  expect(alive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await vi.waitUntil(() => !alive(pid), { timeout: 5_000 });
});
