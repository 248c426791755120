import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { installLambdaRuntime } from "./install-lambda-runtime.mjs";

const MAKE_ADDON = "mkdir -p node_modules/aws-lambda-ric && touch node_modules/aws-lambda-ric/rapid-client.node";

/** A package whose install does what building the runtime client would do. */
function packageThatRuns(postinstall: string): string {
  const directory = mkdtempSync(join(tmpdir(), "hopscope-install-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const manifest = { name: "runtime", version: "1.0.0", private: true };
  writeFileSync(join(directory, "package.json"), JSON.stringify({ ...manifest, scripts: { postinstall } }));
  const lock = { ...manifest, lockfileVersion: 3, requires: true, packages: { "": manifest } };
  writeFileSync(join(directory, "package-lock.json"), JSON.stringify(lock));
  return directory;
}

it("tells once that the runtime client could not be built, and does not try again", async () => {
  const directory = packageThatRuns("exit 1");
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  expect(await installLambdaRuntime({ directory, log })).toBe(false);
  expect(lines).toEqual([
    expect.stringMatching(/^Building aws-lambda-ric/),
    "aws-lambda-ric could not be built (cmake, g++ needed): using the built-in Runtime API client",
  ]);
  expect(await installLambdaRuntime({ directory, log })).toBe(false);
  expect(lines).toHaveLength(2);
});

it("builds once, and again only when what was built is gone", async () => {
  const directory = packageThatRuns(MAKE_ADDON);
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  expect(await installLambdaRuntime({ directory, log })).toBe(true);
  expect(await installLambdaRuntime({ directory, log })).toBe(true);
  expect(lines).toHaveLength(1);
  rmSync(join(directory, "node_modules", "aws-lambda-ric"), { recursive: true });
  expect(await installLambdaRuntime({ directory, log })).toBe(true);
  expect(lines).toHaveLength(2);
});
