import { ESLint } from "eslint";
import { beforeAll, describe, expect, it } from "vitest";

const eslint = new ESLint({ cwd: new URL("..", import.meta.url).pathname });

/** The rules that a text breaks when it stands in for an existing file of the project. */
async function rulesBroken(filePath: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

const source = "collector/cli/log.ts";
const documented = "ui/shared/format.ts";
const test = "collector/cli/config.test.ts";
const sleep = "await new Promise((settle) => setTimeout(settle, 100));";

// The first one reads the types of the whole project.
beforeAll(() => rulesBroken(source, "export {};"), 120_000);

describe("the linter refuses", () => {
  it.for([
    ["a promise that nobody waits for", source, "Promise.resolve();", "@typescript-eslint/no-floating-promises"],
    [
      "a promise where a condition is meant",
      source,
      "const ready = async () => true;\nif (ready()) process.exit();",
      "@typescript-eslint/no-misused-promises",
    ],
    ["any", source, "export const x: any = 1;", "@typescript-eslint/no-explicit-any"],
    [
      "a type imported as a value",
      source,
      'import { Log } from "../store/log.ts";\nexport let x: Log;',
      "@typescript-eslint/consistent-type-imports",
    ],
    ["a default export", source, "export default 1;", "no-restricted-exports"],
    ["a long file", source, "export const x = [\n" + "1,\n".repeat(300) + "];", "max-lines"],
    ["a long function", source, "export function f() {\n" + "f();\n".repeat(70) + "}", "max-lines-per-function"],
    ["a long line", source, `export const x = [${"1, ".repeat(50)}];`, "max-len"],
    ["a suppression of nothing", source, "// eslint-disable-next-line eqeqeq\nexport const x = 1;", "Unused eslint"],
    ["a file name in camel case", "scripts/camelCase.mjs", "export const x = 1;", "unicorn/filename-case"],
    ["a fixed sleep in a test", test, sleep, "no-restricted-syntax"],
    [
      "a fixed sleep of the platform's in a test",
      test,
      'import { setTimeout } from "node:timers/promises";\nawait setTimeout(5);',
      "no-restricted-syntax",
    ],
    ["a fixed sleep in a system test", "test/support/test-store.ts", sleep, "no-restricted-syntax"],
    [
      "a signal that is written while another is computed",
      "ui/shared/format.ts",
      'import { computed, signal } from "@preact/signals";\nconst a = signal(1);\nexport const b = computed(() => (a.value = 2));',
      "signals/no-signal-write-in-computed",
    ],
    ["an exported function without a docstring", documented, "export function f() {}", "jsdoc/require-jsdoc"],
    ["the same as an arrow", documented, "export const f = () => 1;", "jsdoc/require-jsdoc"],
    ["an exported class without a docstring", documented, "export class A {}", "jsdoc/require-jsdoc"],
    ["an exported interface without a docstring", documented, "export interface A {}", "jsdoc/require-jsdoc"],
    ["an exported type without a docstring", documented, "export type A = 1 | 2;", "jsdoc/require-jsdoc"],
    [
      "a docstring that says the name again",
      documented,
      "/** The name of a flow. */\nexport const flowName = () => 1;",
      "jsdoc/informative-docs",
    ],
  ] as const)("%s", async ([, filePath, text, rule]) => {
    expect(await rulesBroken(filePath, text)).toContainEqual(expect.stringContaining(rule));
  });
});

describe("the linter lets through", () => {
  it.for([
    ["a deadline in a test", test, "await new Promise((_, reject) => setTimeout(() => reject(new Error()), 100));"],
    ["a default export of a configuration file", "vitest.config.ts", "export default {};"],
    ["a pause outside tests", source, sleep],
    ["a type that zod infers", documented, 'import type { z } from "zod";\nexport type A = z.infer<z.ZodString>;'],
    ["a function that no other file uses", documented, "function f() {}\nf();"],
    ["an export of a test's support", "test/support/test-store.ts", "export const f = () => 1;"],
  ] as const)("%s", async ([, filePath, text]) => {
    expect(await rulesBroken(filePath, text)).toEqual([]);
  });
});
