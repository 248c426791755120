/** Every Node to test the built package on. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter } from "node:path";

/** One Node: its program and version. */
export interface NodeProgram {
  readonly path: string;
  /** Without a `v`. */
  readonly version: string;
}

/**
 * The project's pinned Node, what this machine has installed, and those that `HOPSCOPE_TEST_NODES` names (paths, as in
 * PATH): one of each version.
 */
export const NODES: readonly NodeProgram[] = findNodes();

function findNodes(): NodeProgram[] {
  const named = process.env.HOPSCOPE_TEST_NODES?.split(delimiter) ?? [];
  const found = new Map<string, NodeProgram>();
  for (const path of [process.execPath, "/usr/local/bin/node", "/usr/bin/node", ...named]) {
    if (!existsSync(path)) continue;
    const version = execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).trim();
    if (!found.has(version)) found.set(version, { path, version });
  }
  return [...found.values()];
}
