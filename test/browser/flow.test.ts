/**
 * The demo as a newcomer meets it, in a real browser: start it, open the page, find an order whose payment was
 * retried, and read how long it waited in the queue, which attempt failed and why.
 *
 * Screenshots for people to look at are left in .hopscope/screenshots.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import { findBrowser } from "../../scripts/browser.mjs";
import { spawnCli, type Cli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";

const screenshotDir = fileURLToPath(new URL("../../.hopscope/screenshots/", import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** From the demo's start to a payment that failed, waited for its visibility timeout and went through. */
const retriedOrderTimeoutMs = 90_000;

/** Each page's name, its address once the order is known, and what shows that it is drawn. */
const pages: [name: string, path: () => string, shown: string][] = [
  ["flows", () => "/", "tbody tr"],
  ["flow", () => `/flows/${retried.id}`, "h1"],
  ["functions", () => "/functions", "tbody tr"],
];
const launchArgs = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];

let dataDir: string;
let demo: Cli;
let url: string;
let browser: Browser;
let retried: FlowSummary;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-browser-"));
  mkdirSync(screenshotDir, { recursive: true });
  demo = spawnCli(["demo"], { HOPSCOPE_DATA_DIR: dataDir });
  const executablePath = findBrowser();
  browser = await chromium.launch({ ...(executablePath !== undefined && { executablePath }), args: launchArgs });
  url = await demo.ready();
  retried = await eventually(findRetriedOrder, retriedOrderTimeoutMs);
}, retriedOrderTimeoutMs * 2);

afterAll(async () => {
  await browser.close();
  const exitCode = await demo.end();
  rmSync(dataDir, { recursive: true, force: true });
  expect({ exitCode, stderr: demo.stderr() }).toEqual({ exitCode: 0, stderr: "" });
});

async function findRetriedOrder(): Promise<FlowSummary> {
  const response = await fetch(`${url}/api/flows?limit=200`);
  const { flows } = (await response.json()) as FlowListResponse;
  const found = flows.find(({ stats }) => stats.retries > 0 && stats.errors > 0 && stats.deadLetters === 0);
  if (found === undefined) throw new Error(`none of ${String(flows.length)} flows was retried: ${demo.stderr()}`);
  return found;
}

/** A page that fails its test where the browser's console has an error or a policy was violated. */
async function openPage(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  onTestFinished(async () => {
    await context.close();
    expect(errors).toEqual([]);
  });
  await page.goto(url + path);
  return page;
}

/** The page's text as a reader has it, once it holds `expected`. */
async function textWith(page: Page, expected: RegExp): Promise<string> {
  return eventually(async () => {
    const text = (await page.locator("main").innerText()).replace(/\s+/g, " ");
    expect(text).toMatch(expected);
    return text;
  });
}

describe("an order whose payment was retried", () => {
  it("is found in the list by its badge and opened by its link", async () => {
    const page = await openPage("/?range=1h");
    const row = page.locator("tbody tr", { has: page.locator(`a[href*="${retried.id}"]`) });
    expect(await row.innerText()).toMatch(/retr(y|ies)/);
    await row.locator("a").click();
    await page.waitForURL(`**/${retried.id}*`);
    await textWith(page, /went through on attempt \d of \d/);
  });

  it("says how long it waited in the queue, which attempt failed and why", async () => {
    const page = await openPage(`/flows/${retried.id}`);
    const text = await textWith(page, /went through on attempt \d of \d/);
    const taken = /(Waited [\d.]+ (µs|ms|s) in checkout-payments|Taken from checkout-payments at once); checkout-payment/;
    expect(text).toMatch(taken);
    expect(text).toMatch(/checkout-payment attempt 1 of \d (started cold \([^)]*\) and )?failed after [\d.]+ (ms|s)/);
    expect(text).toMatch(/Back in checkout-payments for [\d.]+ (ms|s); checkout-payment attempt 2 of \d/);
    expect(retried.error?.message).toBeTruthy();
    expect(text).toContain(retried.error?.message);
  });

  it("crosses the topic and both queues to payment and inventory", async () => {
    const page = await openPage(`/flows/${retried.id}`);
    const text = await textWith(page, /orders passed the message on to checkout-inventory and checkout-payments/);
    expect(text).toMatch(/Waited [\d.]+ (µs|ms|s) in checkout-inventory; checkout-inventory/);
  });
});

it("functions are listed with invocations, errors, cold starts and percentiles", async () => {
  const page = await openPage("/functions");
  const text = await textWith(page, /checkout-payment/);
  expect(text).toMatch(/invocations.*errors.*cold.*p50.*p95.*p99/i);
});

it("a flow is reached and left by keyboard alone", async () => {
  const page = await openPage("/");
  await page.locator("tbody a").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/flows/*");
  await page.keyboard.press("1");
  await page.waitForURL((address) => address.pathname === "/");
});

describe.for([
  ["light", 1440],
  ["dark", 1440],
  ["light", 390],
  ["dark", 390],
] as const)("in %s at %d px", ([colorScheme, width]) => {
  it.for(pages)("the page %s is accessible and as wide as the window", async ([name, path, shown]) => {
    const viewport = { width, height: width < 600 ? 844 : 900 };
    const page = await openPage(path(), { colorScheme, viewport, reducedMotion: "reduce" });
    await page.locator(shown).first().waitFor();
    await page.screenshot({ path: join(screenshotDir, `${name}-${colorScheme}-${String(width)}.png`), fullPage: true });

    await page.evaluate(axeSource);
    const { violations } = await page.evaluate<AxeResults>("axe.run()");
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  });
});
