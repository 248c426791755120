/** Every TypeScript example of the guides compiles as its reader would compile it, against the built package. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const GUIDES = join(ROOT, "docs/guides");

function examples(): { name: string; code: string }[] {
  const pages = ["aws.md", "logs.md", "payloads.md", ...readdirSync(join(GUIDES, "aws")).map((page) => `aws/${page}`)];
  return pages.flatMap((page) => {
    const blocks = readFileSync(join(GUIDES, page), "utf8").matchAll(/^( *)```ts\n([\s\S]*?)^ *```$/gm);
    return [...blocks].map(([, indent = "", code = ""], index) => ({
      name: `${basename(page, ".md")}-${index}.ts`,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }));
  });
}

it("every example compiles", { timeout: 120_000 }, () => {
  execFileSync(process.execPath, [join(import.meta.dirname, "build.mjs")]);
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const directory = mkdtempSync(join(ROOT, ".cache/guides-"));
  try {
    const compilerOptions = {
      target: "ES2023",
      lib: ["ES2023"],
      module: "NodeNext",
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    };
    writeFileSync(join(directory, "package.json"), '{"type":"module"}');
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const all = examples();
    expect(all.length).toBeGreaterThan(12);
    for (const { name, code } of all) writeFileSync(join(directory, name), code);
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    let output = "";
    try {
      execFileSync(process.execPath, [tsc, "-p", directory], { encoding: "utf8" });
    } catch (error) {
      output = String((error as { stdout?: unknown }).stdout);
    }
    expect(output).toBe("");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
