/**
 * Builds the package. `node instrumentation/build.mjs`, on Node 20 or later.
 *
 * Bundlers get one ES module with everything. Node gets CommonJS, by `import` as well: V8 goes over every character of
 * a file that it loads, and CommonJS alone can read at once, and only where it is called, what few functions need.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { rolldown } from "rolldown";

const root = import.meta.dirname;
const out = join(root, "dist");

/** Entries that users import: where the types of their exports are, and those. */
const entries = {
  index: { types: "types.ts", values: ["traced: Traced", "tracedClient: TracedClient"] },
  register: { types: undefined, values: [] },
  logs: {
    types: "log-types.ts",
    values: ["traceFields: () => TraceFields", "traceFormat: () => TraceFormat", "enrichConsole: () => void"],
  },
};
/** Read, in CommonJS, at the first call of one of their functions; nothing else of them is imported. */
const called = [
  "check-options",
  "clients/traced-client",
  "clients/traced-requests",
  "core/baggage",
  "core/counters",
  "core/send-sync",
  "each",
  "events/foreign-context",
  "events/other-sources",
  "platforms/process",
];
/** Loaded by `import()` where an option asks for them. */
const optional = ["optional/logs", "optional/payload", "optional/http-requests"];

/** The index and what is optional stay in files of their own beside whatever uses them: one copy of everything. */
const others = (extension, index) => ({
  name: "others",
  resolveId(source, importer, { kind }) {
    if (importer && source === "./index.ts") return { id: `./${index}`, external: true };
    const isOptional = kind === "dynamic-import" && source.includes("/optional/");
    return isOptional ? { id: `./${basename(source, ".ts")}.${extension}`, external: true } : undefined;
  },
});

/** Modules that are loaded at the start: what the entry imports, and what these import. */
const core = new Set();

/** Puts functions that load a part when they are called in the place of the part. */
const whenCalled = {
  name: "when-called",
  buildEnd() {
    const add = (id) => {
      if (core.has(id)) return;
      core.add(id);
      this.getModuleInfo(id).importedIds.forEach(add);
    };
    this.getModuleInfo(join(root, "index.ts")).importedIds.forEach(add);
  },
  async resolveId(source, importer, { kind }) {
    if (!importer || kind === "dynamic-import") return undefined;
    const resolved = await this.resolve(source, importer, { skipSelf: true });
    const part = called.find((name) => resolved?.id === join(root, `${name}.ts`));
    return part && `\0${part}`;
  },
  load(id) {
    if (!id.startsWith("\0") || !called.includes(id.slice(1))) return undefined;
    const file = join(root, `${id.slice(1)}.ts`);
    const names = [...readFileSync(file, "utf8").matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);
    const part = `import(${JSON.stringify(file)})`;
    return names.map((name) => `export const ${name} = (...args) => ${part}.${name}(...args);`).join("\n");
  },
  /** Parts are read at once, not in a promise; no export changes, so none needs a getter; and all are of our making. */
  renderChunk: (code) =>
    code
      .replace(/Promise\.resolve\(\)\.then\(\(\) => (require\("[^"]+"\))\)/g, "$1")
      .replace(/__toESM\((require\([^()]+\)), 1\)/g, "$1")
      .replace(
        /Object\.defineProperty\(exports, "([\w$]+)", {\s*enumerable: true,\s*get: function \(\) {\s*return (\w+);\s*}\s*}\);/g,
        "exports.$1 = $2;",
      ),
};

/** Puts a file in place at once, so that a reader never meets half of it. */
function place(name, contents) {
  const file = join(out, name);
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}

async function bundle(source, format, file, { plugins = [], index = "index.mjs", groups = [] } = {}) {
  const isCommonJs = format === "cjs";
  const extension = isCommonJs ? "cjs" : "js";
  const name = basename(file).replace(/\.\w+$/, "");
  const input = await rolldown({
    input: { [name]: join(root, `${source}.ts`) },
    platform: "node",
    external: /^node:/,
    optimization: { inlineConst: true },
    plugins: [others(extension, index), ...plugins],
    transform: {
      target: "node20",
      // CommonJS has `__dirname` instead, which the code asks for first.
      ...(isCommonJs && { define: { "import.meta.url": "undefined" } }),
    },
    makeAbsoluteExternalsRelative: false,
  });
  const { output } = await input.generate({
    format,
    entryFileNames: file,
    chunkFileNames: `[name].${extension}`,
    codeSplitting: { groups },
    dynamicImportInCjs: false,
    minify: true,
    comments: false,
    generatedCode: { symbols: false },
    strict: true,
  });
  for (const { fileName, code } of output) place(fileName, code);
}

mkdirSync(out, { recursive: true });
// What bundlers read, and what Node reads: the latter has no exports but the public ones.
await bundle("index", "esm", "index.js");
await bundle("index", "cjs", "index.cjs", {
  plugins: [whenCalled],
  groups: [{ name: "core", test: (id) => core.has(id) }],
});
const names = entries.index.values.map((value) => value.split(":")[0]).join(", ");
place("index.mjs", `import index from "./index.cjs";\nexport const { ${names} } = index;\n`);
for (const source of optional) {
  await bundle(source, "esm", `${basename(source)}.js`);
  await bundle(source, "cjs", `${basename(source)}.cjs`);
}
await bundle("register", "esm", "register.js");
await bundle("register", "cjs", "register.cjs", { index: "index.cjs" });
await bundle("lambda-handler", "esm", "lambda-handler.mjs");
// What `register` reads at once.
await bundle("optional/imports", "cjs", "imports.cjs");
// The public types import nothing, so the declarations are such a file and one line for each value.
for (const [entry, { types, values }] of Object.entries(entries)) {
  const lines = values.map((value) => `export declare const ${value};\n`).join("");
  const declarations = types ? `${readFileSync(join(root, types), "utf8")}\n${lines}` : "export {};\n";
  for (const extension of ["ts", "cts"]) place(`${entry}.d.${extension}`, declarations);
}
