/**
 * Builds the package: one bundled file for ESM, one for CommonJS, and declarations for both.
 * `node instrumentation/build.mjs`, on Node 20 or later.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const out = join(root, "dist");

/** Entries that users import, and what they export beside the types of types.ts. */
const entries = { index: ["traced: Traced", "tracedClient: TracedClient"], register: [] };

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

/** Other entries use the index as it stands beside them: one copy of everything. */
const indexOutside = (extension) => ({
  name: "index-outside",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/index\.ts$/ }, () => ({ path: `./index.${extension}`, external: true }));
  },
});

/** Puts a file in place at once, so that a reader never meets half of it. */
function place(name, contents) {
  const file = join(out, name);
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}

async function bundle(entry, format, extension, fileExtension = extension) {
  const { outputFiles } = await build({
    ...shared,
    format,
    entryPoints: [join(root, `${entry}.ts`)],
    plugins: [indexOutside(extension)],
    // CommonJS has `__dirname` instead, which the code asks for first.
    ...(format === "cjs" && { define: { "import.meta.url": "undefined" } }),
  });
  place(`${entry}.${fileExtension}`, outputFiles[0].contents);
}

mkdirSync(out, { recursive: true });
// The public types import nothing, so the declarations are that file and one line for each value.
const types = readFileSync(join(root, "types.ts"), "utf8");
for (const [entry, values] of Object.entries(entries)) {
  await bundle(entry, "esm", "js");
  await bundle(entry, "cjs", "cjs");
  const lines = values.map((value) => `export declare const ${value};\n`).join("");
  const declarations = lines ? `${types}\n${lines}` : "export {};\n";
  for (const extension of ["ts", "cts"]) place(`${entry}.d.${extension}`, declarations);
}
await bundle("lambda-handler", "esm", "js", "mjs");
