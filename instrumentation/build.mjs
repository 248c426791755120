/**
 * Builds the package: one bundled file for ESM, one for CommonJS, and declarations for both; what is loaded only
 * where it is asked for lies in files beside it.
 * `node instrumentation/build.mjs`, on Node 20 or later.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { rolldown } from "rolldown";

const root = import.meta.dirname;
const out = join(root, "dist");

/** Entries that users import: where the types of their exports are, and those. */
const entries = {
  index: { types: "types.ts", values: ["traced: Traced", "tracedClient: TracedClient"] },
  register: { types: undefined, values: [] },
  logs: {
    source: "optional/logs",
    types: "log-types.ts",
    values: ["traceFields: () => TraceFields", "traceFormat: () => TraceFormat", "enrichConsole: () => void"],
  },
};
/** What the entries load where it is asked for. */
const parts = ["optional/payload", "optional/http-requests"];
/** What `register` reads at once, which CommonJS alone allows. */
const required = ["optional/imports"];

/** The index and the parts stay in files of their own beside whatever uses them: one copy of everything. */
const others = (extension) => ({
  name: "others",
  resolveId(source, importer, { kind }) {
    const isOther = importer && (source === "./index.ts" || (kind === "dynamic-import" && source.includes("/optional/")));
    return isOther ? { id: `./${basename(source, ".ts")}.${extension}`, external: true } : undefined;
  },
});

/** Puts a file in place at once, so that a reader never meets half of it. */
function place(name, contents) {
  const file = join(out, name);
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}

async function bundle(source, format, extension, fileExtension = extension) {
  const input = await rolldown({
    input: join(root, `${source}.ts`),
    platform: "node",
    external: /^node:/,
    optimization: { inlineConst: true },
    plugins: [others(extension)],
    transform: {
      target: "node20",
      // CommonJS has `__dirname` instead, which the code asks for first.
      ...(format === "cjs" && { define: { "import.meta.url": "undefined" } }),
    },
    makeAbsoluteExternalsRelative: false,
  });
  const { output } = await input.generate({ format, minify: true, comments: false, esModule: true });
  place(`${basename(source)}.${fileExtension}`, output[0].code);
}

mkdirSync(out, { recursive: true });
for (const source of [...Object.entries(entries).map(([name, entry]) => entry.source ?? name), ...parts]) {
  await bundle(source, "esm", "js");
  await bundle(source, "cjs", "cjs");
}
for (const source of required) await bundle(source, "cjs", "cjs");
// The public types import nothing, so the declarations are such a file and one line for each value.
for (const [entry, { types, values }] of Object.entries(entries)) {
  const lines = values.map((value) => `export declare const ${value};\n`).join("");
  const declarations = types ? `${readFileSync(join(root, types), "utf8")}\n${lines}` : "export {};\n";
  for (const extension of ["ts", "cts"]) place(`${entry}.d.${extension}`, declarations);
}
await bundle("lambda-handler", "esm", "js", "mjs");
