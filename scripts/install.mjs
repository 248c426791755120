import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture, machineEnv } from "./child.mjs";
import { during, log, Stop } from "./log.mjs";
import { root } from "./paths.mjs";

/**
 * Installs the packages of package-lock.json where they are absent or others than it names.
 * @throws {Stop} where npm fails, with npm's own words
 */
export async function installPackages() {
  const reason = whyStale(readPackages("package-lock.json"), readPackages("node_modules/.package-lock.json"));
  if (reason === undefined) return;
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, output } = await during(`installing packages (${reason}; about 400 MB to fetch)`, () =>
    capture("npm", args, { env: machineEnv() }),
  );
  if (code !== 0) throw new Stop(`npm ci failed with exit code ${code}:\n${output.trim()}`);
  log("packages installed");
}

/**
 * Compares what is to be installed with what npm noted after it installed.
 * @param {Record<string, LockedPackage> | undefined} wanted
 * @param {Record<string, LockedPackage> | undefined} installed
 * @returns {string | undefined} why an install is needed, undefined where it is not
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, peer?: boolean }} LockedPackage
 */
export function whyStale(wanted, installed) {
  if (wanted === undefined) return "there is no package-lock.json";
  if (installed === undefined) return "first start";
  for (const [path, want] of Object.entries(wanted)) {
    if (path === "") continue;
    const have = installed[path];
    // Optional packages for other machines, and peers that nobody asked for, are rightly absent.
    if (have === undefined && (want.optional || want.peer)) continue;
    if (have?.version !== want.version || have?.integrity !== want.integrity) {
      return `${path.replace(/^.*node_modules\//, "")} changed`;
    }
  }
  return undefined;
}

function readPackages(path) {
  const file = join(root, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}
