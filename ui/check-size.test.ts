import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { FIRST_VIEW_JS_MAX_BYTES, firstViewBytes } from "./check-size.ts";

it("counts what an entry loads before it runs, each file once", () => {
  const chunk = (fileName: string, imports: string[], isEntry = false) => ({
    fileName,
    imports,
    isEntry,
    code: fileName,
  });
  const sizeBytes = firstViewBytes([
    chunk("main.js", ["shared.js", "preact.js"], true),
    chunk("shared.js", ["preact.js"]),
    chunk("preact.js", []),
    chunk("charts.js", []),
  ]);
  const gzipped = (code: string): number => gzipSync(code, { level: 9 }).byteLength;
  expect(sizeBytes).toBe(gzipped("main.js") + gzipped("shared.js") + gzipped("preact.js"));
});

const built = `${import.meta.dirname}/dist/`;

it.skipIf(!existsSync(built))("keeps the built page small and free of inline scripts and styles", () => {
  const html = readFileSync(`${built}index.html`, "utf8");
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=|javascript:/);
  const scripts = readdirSync(`${built}assets`).filter((name) => name.endsWith(".js"));
  const sizes = scripts.map((name) => gzipSync(readFileSync(`${built}assets/${name}`), { level: 9 }).byteLength);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(FIRST_VIEW_JS_MAX_BYTES);
});
