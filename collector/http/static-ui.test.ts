import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { staticUi } from "./static-ui.ts";

const dir = mkdtempSync(join(tmpdir(), "hopscope-ui-"));
mkdirSync(join(dir, "assets"));
writeFileSync(join(dir, "index.html"), "<!doctype html><title>page</title>");
writeFileSync(join(dir, "icon.svg"), "<svg/>");
writeFileSync(join(dir, "assets", "main-abc123.js"), "let x;");

afterAll(() => {
  rmSync(dir, { recursive: true });
});

interface Case {
  readonly path: string;
  readonly status?: number;
  readonly type: string;
  readonly cache?: string;
}

const cases: Case[] = [
  { path: "/", type: "text/html", cache: "no-cache" },
  { path: "/flows/00000000000000000000000000000001", type: "text/html", cache: "no-cache" },
  { path: "/functions/api.v2", type: "text/html", cache: "no-cache" },
  { path: "/assets/main-abc123.js", type: "text/javascript", cache: "public, max-age=31536000, immutable" },
  { path: "/icon.svg", type: "image/svg+xml", cache: "no-cache" },
  { path: "/assets/main-gone.js", status: 404, type: "text/plain" },
  { path: "/..%2f..%2fetc/passwd.txt", status: 404, type: "text/plain" },
];

it.for(cases)("answers $path", async ({ path, status = 200, type, cache }) => {
  const response = await staticUi(dir).request(path);
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toContain(type);
  if (cache !== undefined) expect(response.headers.get("cache-control")).toBe(cache);
  expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'self';/);
  expect(response.headers.get("content-security-policy")).not.toContain("unsafe");
});

it("says how to build the page where it is not built", async () => {
  const response = await staticUi(undefined).request("/");
  expect([response.status, await response.text()]).toEqual([404, "The UI is not built: run npm run build.\n"]);
});
