import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { capture } from "./child.mjs";
import { during, Stop } from "./log.mjs";
import { root } from "./paths.mjs";

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} script what must exist for the part to be buildable
 * @property {string[]} args what Node runs
 * @property {string} output a file that the build leaves
 * @property {string[]} sources folders and files whose change makes the output stale
 */

/** @type {Part[]} */
const parts = [
  {
    name: "wrapper",
    script: "instrumentation/build.mjs",
    args: ["instrumentation/build.mjs"],
    output: "instrumentation/dist/index.js",
    sources: ["instrumentation", "schema"],
  },
  {
    name: "UI",
    script: "ui/vite.config.ts",
    args: ["node_modules/vite/bin/vite.js", "build", "ui", "--logLevel", "warn"],
    output: "ui/dist/index.html",
    sources: ["ui", "schema"],
  },
];

/**
 * Builds what is stale: the wrapper that functions import, and the static files of the UI.
 * @param {string} node the Node to build with
 * @param {{ force?: boolean }} [options]
 * @throws {Stop} where a build fails, with its output
 */
export async function buildStale(node, options = {}) {
  for (const part of parts) {
    if (!existsSync(join(root, part.script))) continue;
    const stamp = join(root, "node_modules", ".cache", "hopscope", `${part.name}.sha256`);
    const digest = digestOf(part.sources);
    const fresh = existsSync(join(root, part.output)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
    if (fresh && options.force !== true) continue;
    const { code, output } = await during(`building the ${part.name}`, () => capture(node, part.args));
    if (code !== 0) throw new Stop(`building the ${part.name} failed with exit code ${code}:\n${output.trim()}`);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, digest);
  }
}

/** Contents and not times: a checkout sets every time anew. */
function digestOf(sources) {
  const hash = createHash("sha256");
  for (const source of ["package-lock.json", ...sources]) {
    for (const file of filesUnder(source)) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function filesUnder(path) {
  if (path.endsWith(".json") || !existsSync(join(root, path))) return existsSync(join(root, path)) ? [path] : [];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name === "node_modules" || entry.name === "dist" || entry.name.includes(".test.")) return [];
      const child = `${path}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(child) : [child];
    });
}
