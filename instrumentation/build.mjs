/**
 * Builds the package. `node instrumentation/build.mjs`, on Node 20 or later.
 *
 * Bundlers get one ES module with everything. Node gets CommonJS, by `import` as well: V8 goes over every character of
 * a file that it loads, and CommonJS alone can read at once, and only where it is called, what few functions need.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { compiledAtOnce, functionsThatRun } from "./eager-functions.mjs";
import { eachMinified, joined } from "./join-parts.mjs";

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
  "core/counters",
  "core/for-api",
  "each",
  "events/other-sources",
  "platforms/process",
];
/** What the first invocation takes: read at the first call too, as one file with all that these import. */
const first = [
  "core/config",
  "core/exporter",
  "core/pipeline",
  "core/post",
  "core/sampler",
  "core/start-span",
  "platforms/end-running",
  "platforms/lambda-invocation",
  "platforms/resource",
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

const fileOf = (name) => join(root, `${name}.ts`);
/** Names of the functions that a module exports. */
const functionsOf = (file) =>
  [...readFileSync(file, "utf8").matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);

/** `file` and all that it imports, at once and not for types alone, but for what is read at a call. */
function importsOf(file, isLeft, found = new Set()) {
  if (found.has(file) || isLeft(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/^(?:import|export|}) (?!type )[^;]*?"(\.[^"]+)";/gm)) {
    importsOf(join(dirname(file), path), isLeft, found);
  }
  return found;
}
const laterFiles = new Set(called.map(fileOf));
const firstFiles = new Set(first.map(fileOf));
/** Modules that are loaded at the start: what the entry imports, and what these import. */
const core = importsOf(fileOf("index"), (file) => laterFiles.has(file) || firstFiles.has(file));
/** Those that are loaded with the first invocation, and what several parts share: a file more would be slower. */
const withFirst = new Set();
for (const file of firstFiles) importsOf(file, (other) => laterFiles.has(other) || core.has(other), withFirst);
const inParts = [...laterFiles].flatMap((part) => [
  ...importsOf(part, (file) => file !== part && (laterFiles.has(file) || core.has(file) || withFirst.has(file))),
]);
for (const [index, file] of inParts.entries()) if (inParts.indexOf(file) !== index) withFirst.add(file);

const FIRST = "\0first";
/** Puts functions that load a part when they are called in the place of the part. */
const whenCalled = {
  name: "when-called",
  async resolveId(source, importer, { kind }) {
    if (source === FIRST) return FIRST;
    if (!importer || kind === "dynamic-import") return undefined;
    const { id } = (await this.resolve(source, importer, { skipSelf: true })) ?? {};
    return laterFiles.has(id) || (firstFiles.has(id) && core.has(importer)) ? `\0${id}` : undefined;
  },
  load(id) {
    if (id === FIRST) {
      return [...firstFiles].map((file) => `export { ${functionsOf(file)} } from "${file}";`).join("\n");
    }
    if (!id.startsWith("\0")) return undefined;
    const file = id.slice(1);
    const part = `import(${JSON.stringify(firstFiles.has(file) ? FIRST : file)})`;
    return functionsOf(file)
      .map((name) => `export const ${name} = (...args) => ${part}.${name}(...args);`)
      .join("\n");
  },
};

/** Puts a file in place at once, so that a reader never meets half of it. */
function place(name, contents) {
  const file = join(out, name);
  writeFileSync(`${file}.${process.pid}`, contents);
  renameSync(`${file}.${process.pid}`, file);
}

async function bundle(source, format, file, options = {}) {
  const { plugins = [], index = "index.mjs", groups = [], finish = eachMinified } = options;
  const isCommonJs = format === "cjs";
  const extension = isCommonJs ? "cjs" : "js";
  const name = basename(file).replace(/\.\w+$/, "");
  const input = await rolldown({
    input: { [name]: fileOf(source) },
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
    minify: !isCommonJs,
    minifyInternalExports: true,
    comments: false,
    generatedCode: { symbols: false },
    strict: true,
  });
  for (const [fileName, code] of finish(output)) place(fileName, code);
}

mkdirSync(out, { recursive: true });
// What bundlers read, and what Node reads: the latter has no exports but the public ones.
await bundle("index", "esm", "index.js");
await bundle("index", "cjs", "index.cjs", {
  plugins: [whenCalled],
  finish: joined,
  groups: [
    { name: "core", test: (id) => core.has(id) },
    { name: "first", test: (id) => withFirst.has(id) || id === FIRST },
  ],
});
const ran = functionsThatRun(join(out, "index.cjs"));
for (const file of ["index.cjs", "first.cjs"]) {
  place(file, compiledAtOnce(readFileSync(join(out, file), "utf8"), ran[file]));
}
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
