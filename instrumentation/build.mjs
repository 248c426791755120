/**
 * Builds the package: one bundled file for ESM, one for CommonJS, and declarations for both.
 * `node instrumentation/build.mjs`, on Node 20 or later.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const out = join(root, "dist");

/** What an entry exports beside the types of types.ts. */
const entries = { index: ["traced: Traced", "tracedClient: TracedClient"] };

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  platform: "node",
  target: "node20",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  write: false,
};

/** Puts a file in place at once, so that a reader never meets half of it. */
function place(name, contents) {
  const file = join(out, name);
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}

mkdirSync(out, { recursive: true });
// The public types import nothing, so the declarations are that file and one line for each value.
const types = readFileSync(join(root, "types.ts"), "utf8");
for (const [entry, values] of Object.entries(entries)) {
  for (const [format, extension] of [["esm", "js"], ["cjs", "cjs"]]) {
    const { outputFiles } = await build({ ...shared, format, entryPoints: [join(root, `${entry}.ts`)] });
    place(`${entry}.${extension}`, outputFiles[0].contents);
  }
  const declarations = `${types}\n${values.map((value) => `export declare const ${value};\n`).join("")}`;
  for (const extension of ["ts", "cts"]) place(`${entry}.d.${extension}`, declarations);
}
