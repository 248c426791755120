import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import config from "../.dependency-cruiser.js";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "hopscope-directions-"));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(file: string, text = "export const x = 1;\n"): void {
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
}

function importOf(from: string, to: string): string {
  return `import "./${relative(dirname(from), to)}";\n`;
}

/** The names of the rules that the project breaks. */
async function rulesBroken(): Promise<string[]> {
  const { forbidden, options } = config;
  const { output } = await cruise(["."], {
    ruleSet: { forbidden: forbidden ?? [] },
    baseDir: project,
    exclude: options?.exclude as { path: string },
    tsPreCompilationDeps: true,
    validate: true,
  });
  return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
}

describe("the import directions", () => {
  it.for([
    ["ui/a.ts", "collector/http/b.ts", "ui-schema"],
    ["schema/a.ts", "collector/store/b.ts", "schema-alone"],
    ["instrumentation/core/a.ts", "schema/api.ts", "instrumentation-names"],
    ["collector/store/a.ts", "collector/ingest/b.ts", "store-schema"],
    ["collector/flow/a.ts", "collector/store/b.ts", "flow-schema"],
    ["collector/ingest/a.ts", "collector/http/b.ts", "ingest-store"],
    ["collector/alert/a.ts", "collector/flow/b.ts", "alert-store"],
    ["collector/http/a.ts", "collector/cli/b.ts", "http-rooms"],
    ["collector/cli/a.ts", "examples/checkout/b.ts", "leaves"],
    ["examples/checkout/a.ts", "collector/store/b.ts", "examples-public"],
    ["collector/store/a.ts", "collector/store/b.test.ts", "no-test-code"],
  ] as const)("refuse %s importing %s", async ([from, to, rule]) => {
    write(to);
    write(from, importOf(from, to));
    expect(await rulesBroken()).toContain(rule);
  });

  it("refuse modules that import each other in a ring, and files that do not exist", async () => {
    write("schema/a.ts", 'import "./b.ts";\nimport "./gone.ts";\n');
    write("schema/b.ts", 'import "./a.ts";\n');
    expect(await rulesBroken()).toEqual(expect.arrayContaining(["no-cycles", "not-to-unresolvable"]));
  });

  it.for([
    ["ui/a.ts", "schema/api.ts"],
    ["instrumentation/core/a.ts", "schema/attributes.ts"],
    ["collector/http/a.ts", "collector/flow/b.ts"],
    ["collector/cli/a.ts", "collector/http/b.ts"],
    ["collector/store/a.test.ts", "test/support/b.ts"],
    ["test/flow/a.test.ts", "examples/checkout/b.ts"],
  ] as const)("let %s import %s", async ([from, to]) => {
    write(to);
    write(from, importOf(from, to));
    expect(await rulesBroken()).toEqual([]);
  });
});
