/**
 * Builds the package: one bundled file for ESM, one for CommonJS, and declarations for both.
 * `node instrumentation/build.mjs`, on Node 20 or later.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const out = join(root, "dist");
const entries = ["index"];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  platform: "node",
  target: "node20",
  minify: true,
  keepNames: false,
  legalComments: "none",
  logLevel: "warning",
};
for (const entry of entries) {
  const entryPoints = [join(root, `${entry}.ts`)];
  await build({ ...shared, entryPoints, format: "esm", outfile: join(out, `${entry}.js`) });
  await build({ ...shared, entryPoints, format: "cjs", outfile: join(out, `${entry}.cjs`) });
}

// The public types import nothing, so the declarations are that file and one line for each value.
const types = readFileSync(join(root, "types.ts"), "utf8");
const values = "\nexport declare const traced: Traced;\nexport declare const tracedClient: TracedClient;\n";
for (const extension of ["ts", "cts"]) writeFileSync(join(out, `index.d.${extension}`), types + values);
