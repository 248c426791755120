import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { capture } from "./child.mjs";
import { findOnPath, installDebianPackages } from "./debian.mjs";
import { during, log, Stop } from "./log.mjs";
import { root } from "./paths.mjs";

const systemNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Looks for a Chromium: the system's first, else one that playwright downloaded.
 * @returns {string | undefined} path of the executable
 */
export function findBrowser() {
  const found = systemNames.map((name) => findOnPath(name)).find((path) => path !== undefined);
  return found ?? playwrightBrowser();
}

/**
 * Makes sure that there is a Chromium to test with: the system's, else Debian's package where this runs as
 * root, else playwright's own download.
 * @throws {Stop} where none could be had
 */
export async function installBrowser() {
  if (findBrowser() !== undefined) return;
  const failures = [];
  for (const install of [installDebian, installPlaywright]) {
    const failure = await install();
    if (failure !== undefined) failures.push(failure);
    if (findBrowser() !== undefined) return log("Chromium installed");
  }
  throw new Stop(`no Chromium for the browser test; install one and run this again.\n${failures.join("\n")}`);
}

function installDebian() {
  return installDebianPackages("installing Chromium from the system's packages (115 MB to fetch)", ["chromium"]);
}

async function installPlaywright() {
  const cli = join(root, "node_modules/playwright-core/cli.js");
  const { code, output } = await during("downloading playwright's Chromium (170 MB)", () =>
    capture(process.execPath, [cli, "install", "chromium"]),
  );
  return code === 0 ? undefined : `playwright: ${output.trim()}`;
}

function playwrightBrowser() {
  const require = createRequire(import.meta.url);
  try {
    const path = require("playwright-core").chromium.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
