/** A real browser over a collector, as the tests of pages use it. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import { chromium, type Browser, type BrowserContextOptions, type ConsoleMessage, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { findBrowser } from "../../scripts/browser.mjs";
import { eventually } from "./eventually.ts";

const launchArgs = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
/** Left for people to look at. */
const screenshotDir = fileURLToPath(new URL("../../.hopscope/screenshots/", import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Both themes on a desk and on a phone, for `describe.for`. */
export const LOOKS = [
  ["light", 1440],
  ["dark", 1440],
  ["light", 390],
  ["dark", 390],
] as const;

/** How a page is opened. */
export interface OpenOptions extends BrowserContextOptions {
  /** Whether an error on the console is one that the test provokes. */
  readonly isExpected?: (message: ConsoleMessage) => boolean;
}

/** A browser whose pages are those of one address. */
export interface PageBrowser {
  /** Opens a path; the test fails where the page's console has an error or a policy was violated. */
  open(path: string, options?: OpenOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Starts the machine's Chromium for the pages below `baseUrl`. */
export async function launchBrowser(baseUrl: () => string): Promise<PageBrowser> {
  mkdirSync(screenshotDir, { recursive: true });
  const executablePath = findBrowser();
  const browser: Browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: launchArgs,
  });
  return {
    open: async (path, { isExpected, ...options } = {}) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && isExpected?.(message) !== true) errors.push(message.text());
      });
      onTestFinished(async () => {
        await context.close();
        expect(errors).toEqual([]);
      });
      await page.goto(baseUrl() + path);
      return page;
    },
    close: async () => browser.close(),
  };
}

/** The options of one of {@link LOOKS}. */
export function lookOptions(colorScheme: "light" | "dark", width: number): OpenOptions {
  return { colorScheme, viewport: { width, height: width < 600 ? 844 : 900 }, reducedMotion: "reduce" };
}

/** The text of an element as a reader has it, once it holds `expected`. */
export async function textWith(page: Page, selector: string, expected: RegExp): Promise<string> {
  return eventually(async () => {
    const text = (await page.locator(selector).first().innerText()).replace(/\s+/g, " ");
    expect(text).toMatch(expected);
    return text;
  });
}

/** Leaves a screenshot of the whole page. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(screenshotDir, `${name}.png`), fullPage: true });
}

/** Leaves a screenshot; the page has to be accessible, as far as axe sees, and no wider than its window. */
export async function expectFit(page: Page, name: string): Promise<void> {
  await screenshot(page, name);
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(
    page.viewportSize()?.width ?? 0,
  );
}
