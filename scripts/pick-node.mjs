import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Stop } from "./log.mjs";
import { root } from "./paths.mjs";

/** The first Node that runs TypeScript sources without a flag. */
export const nodeVersionMin = [22, 18];

/**
 * Chooses the Node that runs the project's own code: the one pinned by package-lock.json where there is one
 * for this machine and it runs here (it does not with musl), else the machine's own.
 * @returns {string} path of the executable
 * @throws {Stop} where neither will do
 */
export function pickNode() {
  const pinned = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  const candidates = [pinned, process.execPath, "node"];
  const found = candidates.find((path) => (path === "node" || existsSync(path)) && isNewEnough(versionOf(path)));
  if (found !== undefined) return found;
  throw new Stop(
    `Node ${process.versions.node} cannot run TypeScript sources, and no newer one could be installed for ` +
      `${process.platform}-${process.arch}. Install Node 24 (https://nodejs.org) and run this again.`,
  );
}

/**
 * @param {string | undefined} version for example `v24.21.0`
 * @returns {boolean} whether such a Node runs TypeScript sources
 */
export function isNewEnough(version) {
  const match = /^v(\d+)\.(\d+)\./.exec(version ?? "");
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  // 23 has it since 23.6.
  if (major === 23) return minor >= 6;
  return major > nodeVersionMin[0] || (major === nodeVersionMin[0] && minor >= nodeVersionMin[1]);
}

function versionOf(path) {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
