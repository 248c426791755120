/**
 * The demo as a newcomer meets it, in a real browser: start it, open the page, find an order whose payment was
 * retried, and read how long it waited in the queue, which attempt failed and why.
 *
 * Screenshots for people to look at are left in .hopscope/screenshots.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import { expectFit, launchBrowser, lookOptions, LOOKS, textWith, type PageBrowser } from "../support/browser-page.ts";
import { spawnCli, type Cli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";

/** From the demo's start to a payment that failed, waited for its visibility timeout and went through. */
const retriedOrderTimeoutMs = 90_000;

/** Each page's name, its address once the order is known, and what shows that it is drawn. */
const pages: [name: string, path: () => string, shown: string][] = [
  ["flows", () => "/", "tbody tr"],
  ["flow", () => `/flows/${retried.id}`, "h1"],
  ["functions", () => "/functions", "tbody tr"],
];

let dataDir: string;
let demo: Cli;
let url: string;
let browser: PageBrowser;
let retried: FlowSummary;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-browser-"));
  demo = spawnCli(["demo"], { HOPSCOPE_DATA_DIR: dataDir });
  browser = await launchBrowser(() => url);
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

describe("an order whose payment was retried", () => {
  it("is found in the list by its badge and opened by its link", async () => {
    const page = await browser.open("/?range=1h");
    const row = page.locator("tbody tr", { has: page.locator(`a[href*="${retried.id}"]`) });
    expect(await row.innerText()).toMatch(/retr(y|ies)/);
    await row.locator("a").click();
    await page.waitForURL(`**/${retried.id}*`);
    await textWith(page, "main", /went through on attempt \d of \d/);
  });

  it("says how long it waited in the queue, which attempt failed and why", async () => {
    const page = await browser.open(`/flows/${retried.id}`);
    const text = await textWith(page, "main", /went through on attempt \d of \d/);
    const taken = /(Waited [\d.]+ (µs|ms|s) in checkout-payments|Taken from checkout-payments at once); checkout-payment/;
    expect(text).toMatch(taken);
    expect(text).toMatch(/checkout-payment attempt 1 of \d (started cold \([^)]*\) and )?failed after [\d.]+ (ms|s)/);
    expect(text).toMatch(/Back in checkout-payments for [\d.]+ (ms|s); checkout-payment attempt 2 of \d/);
    expect(retried.error?.message).toBeTruthy();
    expect(text).toContain(retried.error?.message);
  });

  it("crosses the topic and both queues to payment and inventory", async () => {
    const page = await browser.open(`/flows/${retried.id}`);
    // In the order in which the queues took it, which differs by a millisecond at most.
    const queues = "checkout-(inventory and checkout-payments|payments and checkout-inventory)";
    const text = await textWith(page, "main", new RegExp(`orders passed the message on to ${queues}`));
    expect(text).toMatch(/Waited [\d.]+ (µs|ms|s) in checkout-inventory; checkout-inventory/);
  });
});

it("functions are listed with invocations, errors, cold starts and percentiles", async () => {
  const page = await browser.open("/functions");
  const text = await textWith(page, "main", /checkout-payment/);
  expect(text).toMatch(/invocations.*errors.*cold.*p50.*p95.*p99/i);
});

it("a flow is reached and left by keyboard alone", async () => {
  const page = await browser.open("/");
  await page.locator("tbody a").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/flows/*");
  await page.keyboard.press("1");
  await page.waitForURL((address) => address.pathname === "/");
});

describe.for(LOOKS)("in %s at %d px", ([colorScheme, width]) => {
  it.for(pages)("the page %s is accessible and as wide as the window", async ([name, path, shown]) => {
    const page = await browser.open(path(), lookOptions(colorScheme, width));
    await page.locator(shown).first().waitFor();
    await expectFit(page, `${name}-${colorScheme}-${String(width)}`);
  });
});
