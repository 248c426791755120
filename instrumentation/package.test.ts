/** The package as it is published: what it exports, weighs and loads, on each Node that it says it runs on. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { publint } from "publint";
import { describe, expect, it } from "vitest";
import { VERSION } from "./core/version.ts";
import { NODES } from "./testing/nodes.ts";

const ROOT = import.meta.dirname;
const DIST = join(ROOT, "dist");
/** Whole of what a function ships, all sources and producers of AWS, minified and compressed. */
const BUNDLE_BYTES_MAX = 25 * 1024;
/** What V8 goes over when the package is loaded, before it is compressed: 10 KB are half a millisecond. */
const START_BYTES_MAX = 9_000;
/** The same with the first invocation. */
const FIRST_BYTES_MAX = 46_000;

execFileSync(process.execPath, [join(ROOT, "build.mjs")]);

/** `name` and all that it requires, at once or later. Options alone load the rest. */
function filesFrom(name: string, found = new Set<string>()): string[] {
  found.add(name);
  for (const [, next = ""] of readFileSync(join(DIST, name), "utf8").matchAll(/(?<!\(\)=>)require\("\.\/([^"]+)"\)\.?/g)) {
    if (!found.has(next)) filesFrom(next, found);
  }
  return [...found];
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
  dependencies?: object;
};

describe("the published package", () => {
  it("has the version that its spans say", () => {
    expect(VERSION).toBe(manifest.version);
  });

  it("needs nothing else at run time", () => {
    expect(manifest.dependencies).toBeUndefined();
    const files = readdirSync(DIST).filter((name) => /\.[cm]?js$/.test(name));
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) {
      const code = readFileSync(join(DIST, file), "utf8");
      for (const [, name = ""] of code.matchAll(/(?:from|require\(|import\()\s*["'`]([^"'`]+)["'`]/g)) {
        if (!name.startsWith("node:")) expect(files).toContain(name.replace("./", ""));
      }
    }
  });

  it.for([
    ["a bundle", ["index.js", "register.js"]],
    ["a function that uses everything", filesFrom("index.cjs").filter((name) => name !== "process.cjs")],
  ] as const)("%s stays within its weight", ([, files]) => {
    const contents = files.map((name) => readFileSync(join(DIST, name)));
    expect(gzipSync(Buffer.concat(contents), { level: 9 }).length).toBeLessThanOrEqual(BUNDLE_BYTES_MAX);
  });

  it("has little that every function parses", () => {
    const [start = 0, first = 0] = ["index.cjs", "first.cjs"].map((name) => readFileSync(join(DIST, name)).length);
    expect(start).toBeLessThanOrEqual(START_BYTES_MAX);
    expect(start + first).toBeLessThanOrEqual(FIRST_BYTES_MAX);
  });

  it("is compiled at once where a cold start calls it, and read twice nowhere else", () => {
    for (const name of ["index.cjs", "first.cjs"]) {
      const code = readFileSync(join(DIST, name), "utf8");
      expect(code.match(/[,\s]\w+=\((?:async )?function\(/g)?.length).toBeGreaterThan(5);
    }
  });

  it("is clean for publint", async () => {
    const { messages } = await publint({ pkgDir: ROOT, strict: true });
    expect(messages.map(({ code }) => code)).toEqual([]);
  });
});

describe.each(NODES)("on Node $version", ({ path: node }) => {
  const run = (code: string, type: "module" | "commonjs", env: NodeJS.ProcessEnv = {}): string => {
    const directory = mkdtempSync(join(tmpdir(), "hopscope-"));
    const file = join(directory, type === "module" ? "main.mjs" : "main.cjs");
    writeFileSync(file, code.replaceAll("DIST", DIST));
    try {
      return execFileSync(node, [file], { encoding: "utf8", env: { PATH: process.env.PATH, ...env } });
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it("runs as ESM and as CommonJS, and both are one", () => {
    const use = `console.log(await traced(async (event) => event.n)({ n: 7 }), typeof traced.each, typeof tracedClient);`;
    expect(run(`import { traced, tracedClient } from "DIST/index.mjs"; ${use}`, "module")).toBe("7 function function\n");
    const required = `const { traced, tracedClient } = require("DIST/index.cjs"); (async () => { ${use} })();`;
    expect(run(required, "commonjs")).toBe("7 function function\n");
    const both = `import { createRequire } from "node:module"; import { traced } from "DIST/index.mjs";
      const other = createRequire(import.meta.url)("DIST/index.cjs"); const handler = traced(async () => 1);
      console.log(other.traced(handler) === handler);`;
    expect(run(both, "module")).toBe("true\n");
  });

  it("loads one file and no module of Node before the first export of a function", () => {
    const code = `const before = new Set(process.moduleLoadList); const { traced } = require("DIST/index.cjs");
      traced(async () => 1); const loaded = process.moduleLoadList.filter((name) => !before.has(name));
      console.log(JSON.stringify([...loaded, ...Object.keys(require.cache)]));`;
    const all = JSON.parse(run(code, "commonjs", { AWS_LAMBDA_FUNCTION_NAME: "fn" })) as string[];
    const loaded = all.filter((name) => name.startsWith("NativeModule"));
    expect(all.filter((name) => name.startsWith("/")).map((path) => basename(path))).toEqual(["main.cjs", "index.cjs"]);
    // These cost nothing that can be measured; node:http costs three milliseconds, the OpenTelemetry API twelve.
    const free = /async_hooks|async_context|async_local_storage|diagnostics_channel/;
    expect(loaded.filter((name) => !free.test(name))).toEqual([]);
  });
});
