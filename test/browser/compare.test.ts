/**
 * Why was this order slow, and what is new since an hour ago: two flows, and two stretches of time, side by side in a
 * real browser over the demo.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlowListResponse, FlowSummary } from "../../schema/api.ts";
import { expectFit, launchBrowser, lookOptions, LOOKS, textWith, type PageBrowser } from "../support/browser-page.ts";
import { spawnCli, type Cli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";

/** From the demo's start to a payment that failed and went through, beside one that just went through. */
const ordersTimeoutMs = 120_000;

let dataDir: string;
let demo: Cli;
let url: string;
let browser: PageBrowser;
let slow: FlowSummary;
let fast: FlowSummary;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-compare-"));
  demo = spawnCli(["demo"], { HOPSCOPE_DATA_DIR: dataDir });
  browser = await launchBrowser(() => url);
  url = await demo.ready();
  [slow, fast] = await eventually(findOrders, ordersTimeoutMs);
}, ordersTimeoutMs * 2);

afterAll(async () => {
  await browser.close();
  const exitCode = await demo.end();
  rmSync(dataDir, { recursive: true, force: true });
  expect({ exitCode, stderr: demo.stderr() }).toEqual({ exitCode: 0, stderr: "" });
});

/** An order whose payment was retried, and one that went through at once. */
async function findOrders(): Promise<[FlowSummary, FlowSummary]> {
  const response = await fetch(`${url}/api/flows?limit=200`);
  const orders = ((await response.json()) as FlowListResponse).flows.filter(({ stats }) => stats.invocations > 1);
  const retried = orders.find(({ stats }) => stats.retries > 0 && stats.errors > 0 && stats.deadLetters === 0);
  const clean = orders.find(({ stats }) => stats.retries === 0 && stats.errors === 0 && stats.coldStarts === 0);
  if (!retried || !clean) throw new Error(`none of ${String(orders.length)} orders was retried, or none was not`);
  return [retried, clean];
}

const comparison = (): string => `/compare?flow=${slow.id}&with=${fast.id}`;

/** What is looked at, its screenshot's name, its address once the orders are known, and what shows that it is drawn. */
const pages: [what: string, name: string, path: () => string, shown: string][] = [
  ["two flows", "compare", comparison, ".differences tbody tr"],
  ["what failed and the rest", "compare-failed", () => "/compare?against=failed", ".counts"],
  ["the list while two are chosen", "flows-choosing", () => `/?compare=${slow.id}`, "tbody .choice"],
];

describe("an order that took long and one that did not", () => {
  it("are chosen in the list, from the page of one of them", async () => {
    const page = await browser.open(`/flows/${slow.id}`);
    await page.getByRole("link", { name: "Compare with" }).click();
    await textWith(page, "[role=status]", /Choose the flow to compare .* with/);
    const row = page.locator("tbody tr", { has: page.locator(`a[href="/flows/${fast.id}"]`) });
    await row.getByRole("link", { name: /Compare with/ }).click();
    await page.waitForURL((address) => address.pathname + address.search === comparison());
    await textWith(page, "main", /Flow|A .* B/);
  });

  it("differ by retries, time in queues and the error, in numbers", async () => {
    const page = await browser.open(comparison());
    const totals = await textWith(page, "[aria-labelledby=totals]", /Duration/);
    expect(totals).toMatch(/Retries \d+ 0 \+\d+/);
    expect(totals).toMatch(/Time in queues [\d.]+ (ms|s) [\d.]+ (µs|ms|s) \+/);
    const values = await textWith(page, ".differences", /error\.type/);
    expect(values).toMatch(/\d+ \d+(\.\d+)?% 0 0% \+/);
    await textWith(page, "[aria-labelledby=waits]", /checkout-payments → checkout-payment waited, up to \d attempts/);
  });

  it("lead from a value to the flows that have it, and back to the same comparison", async () => {
    const page = await browser.open(comparison());
    const row = page.locator(".differences tr", { hasText: "error.type" }).first();
    const value = await row.getByRole("link").innerText();
    await row.getByRole("link").click();
    await textWith(page, ".narrowed", new RegExp(`spans with error.type = ${value}`));
    await page.locator(`tbody a[href="/flows/${slow.id}"]`).waitFor();
    expect(await page.locator(`tbody a[href="/flows/${fast.id}"]`).count()).toBe(0);
    await page.goBack();
    await page.locator(".differences").waitFor();
    expect(page.url()).toBe(url + comparison());
  });
});

it("what failed is told from the rest by the values of its spans", async () => {
  const page = await browser.open("/compare");
  await page.getByRole("button", { name: "Failed with the rest" }).click();
  await textWith(page, ".counts", /\d+ spans failed, [\d,]+ did not/);
  await textWith(page, ".differences", /error\.type/);
  await page.reload();
  await textWith(page, ".counts", /spans failed/);
});

it("a time of which nothing is stored before says so", async () => {
  const page = await browser.open("/compare?range=24h");
  await textWith(page, ".counts", /spans now, 0 before: nothing is stored of the time before/);
  await textWith(page, "[aria-labelledby=work]", /checkout-payment p95 duration .* not there only here/);
});

describe.for(LOOKS)("in %s at %d px", ([colorScheme, width]) => {
  it.for(pages)("%s: accessible and as wide as the window", async ([, name, path, shown]) => {
    const page = await browser.open(path(), lookOptions(colorScheme, width));
    await page.locator(shown).first().waitFor();
    await expectFit(page, `${name}-${colorScheme}-${String(width)}`);
  });
});
