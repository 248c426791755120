/**
 * Alerts as their reader meets them, in a real browser over a real collector: the demo fails, a rule fires, a channel
 * takes the message; then a rule is made with its preview, and an alert is silenced.
 *
 * Screenshots for people to look at are left in .hopscope/screenshots.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConsoleMessage, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AlertOverview } from "../../schema/alert-api.ts";
import {
  expectFit,
  launchBrowser,
  lookOptions,
  LOOKS,
  screenshot,
  textWith,
  type OpenOptions,
  type PageBrowser,
} from "../support/browser-page.ts";
import { spawnCli, type Cli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";

/** From the demo's start to the first evaluation that sees failures: two minutes at most, and a start under load. */
const firingTimeoutMs = 200_000;

interface Taken {
  readonly kind: string;
  readonly rule: string;
  readonly signature: string;
  readonly flows: readonly string[];
}

/** Of the webhook's JSON, what is read here. */
interface Sent {
  readonly kind: string;
  readonly rule: { readonly id: string };
  readonly alerts: readonly { readonly flows: readonly { readonly url: string }[] }[];
}

const taken: Taken[] = [];
let receiver: Server;
let dataDir: string;
let demo: Cli;
let url: string;
let browser: PageBrowser;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "hopscope-alerts-"));
  receiver = await receive();
  const rulesPath = join(dataDir, "hopscope.alerts.yml");
  const { port } = receiver.address() as AddressInfo;
  writeFileSync(
    rulesPath,
    `version: 1
channels:
  ops: { type: webhook, url: "http://127.0.0.1:${String(port)}/", secret: s3cret }
rules:
  - { id: failures, name: Function fails, kind: errors, threshold: 1, severity: critical, notify: [ops] }
  - { id: waits, name: Messages wait long, kind: queue-wait, threshold: 5m, recover: 4m }
  - { id: burn, name: Orders burn their budget, kind: slo-burn, objective: 99% }
`,
  );
  const env = { HOPSCOPE_DATA_DIR: dataDir, HOPSCOPE_ALERT_FILE: rulesPath, HOPSCOPE_ALERT_ALLOW_PRIVATE: "true" };
  demo = spawnCli(["demo"], env);
  browser = await launchBrowser(() => url);
  url = await demo.ready();
  await eventually(() => expect(taken.map(({ kind }) => kind)).toContain("firing"), firingTimeoutMs);
  const rarely = { timeout: firingTimeoutMs, interval: 1_000 };
  await vi.waitFor(async () => expect(await judgedMinutes()).toBeGreaterThan(0), rarely);
}, firingTimeoutMs * 3);

/** Minutes whose duration can be judged. Errors fire in the midst of the first minute; a preview draws whole ones. */
async function judgedMinutes(): Promise<number> {
  const range = new URLSearchParams({
    from: new Date(Date.now() - 900_000).toISOString(),
    to: new Date().toISOString(),
  });
  const response = await fetch(`${url}/api/alerts/preview?${range.toString()}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "judged", kind: "duration", threshold: "1ms", minVolume: 1, severity: "warning" }),
  });
  const { points } = (await response.json()) as { points: { value: number | null }[] };
  return points.filter(({ value }) => value !== null).length;
}

afterAll(async () => {
  await browser.close();
  const exitCode = await demo.end();
  receiver.close();
  receiver.closeAllConnections();
  rmSync(dataDir, { recursive: true, force: true });
  expect({ exitCode, stderr: demo.stderr() }).toEqual({ exitCode: 0, stderr: "" });
});

async function receive(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      const message = JSON.parse(body) as Sent;
      taken.push({
        kind: message.kind,
        rule: message.rule.id,
        signature: String(request.headers["hopscope-signature"]),
        flows: message.alerts.flatMap(({ flows }) => flows.map((flow) => flow.url)),
      });
      response.end("ok");
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return server;
}

/** What is typed half is refused with 400, which a browser writes down as an error of its own. */
const isRefusal = (message: ConsoleMessage): boolean =>
  message.location().url.includes("/api/alerts/preview") && message.text().includes("400");

async function openPage(path: string, options: OpenOptions = {}): Promise<Page> {
  return browser.open(path, { isExpected: isRefusal, ...options });
}

/** The alerts' page once it stands still: what comes above a button moves it, and a press then ends elsewhere. */
async function openAlerts(search = ""): Promise<Page> {
  const page = await openPage(`/alerts${search}`);
  await page.locator(".alert-rules > li").first().waitFor();
  await page.locator("[aria-labelledby=alert-history] > h2 + *").waitFor();
  return page;
}

async function overview(): Promise<AlertOverview> {
  return (await (await fetch(`${url}/api/alerts`)).json()) as AlertOverview;
}

describe("a rule that fires", () => {
  it("stands first in the list, says where, how bad and since when, and leads to the failing flows", async () => {
    const page = await openAlerts();
    const text = await textWith(page, ".alert-rules > li", /Firing Function fails/);
    expect(text).toMatch(/errors at least 1 over 5 min, critical, from the file/);
    expect(text).toMatch(/checkout-\w+ \d+, firing since/);
    await page.locator(".alert-rules > li").first().getByRole("link", { name: "Failing flows" }).first().click();
    await page.waitForURL((address) => address.pathname === "/" && address.searchParams.get("status") === "error");
    await page.locator("tbody tr a").first().waitFor();
  });

  it("is in the history, from where the flows are reached", async () => {
    const page = await openAlerts();
    await textWith(page, ".alert-history", /Began .*Function fails.*checkout-/);
    await page.locator(".alert-history").getByRole("link", { name: "Failing flows" }).first().click();
    await page.locator("tbody tr a").first().waitFor();
  });

  it("was told once, signed, with links that lead to the newest failing flows", async () => {
    const told = taken.filter(({ kind, rule }) => kind === "firing" && rule === "failures");
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]?.signature).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    const link = told[0]?.flows[0] ?? "";
    const page = await openPage(new URL(link).pathname);
    await page.locator("h1").waitFor();
    expect(await page.locator("main").innerText()).toMatch(/fail|declin/i);
  });
});

it("a channel is tried by its button, and says that it took the message", async () => {
  const page = await openAlerts();
  await page.getByRole("button", { name: "Send a test to ops" }).click();
  await textWith(page, "[role=status]", /ops took the test message/);
  expect(taken.map(({ kind }) => kind)).toContain("test");
});

describe("a rule that is made on the page", () => {
  it("says at the field what is wrong, draws when it would have fired, and is in force once saved", async () => {
    const page = await openAlerts("?range=15m");
    await page.getByRole("button", { name: "New rule" }).click();
    const form = page.getByRole("form", { name: "Rule" });
    await form.getByLabel("Id").fill("slow-shop");
    await form.getByLabel("Fires on").selectOption("duration");
    await form.getByLabel("Longer than").fill("soon");
    await textWith(page, "#rule-threshold-error", /number and a unit/);
    await form.getByLabel("Longer than").fill("1ms");
    await form.getByText("More: how long").click();
    await form.getByLabel("Least volume to judge").fill("1");
    await form.getByRole("img", { name: /Would have told of \d+ alerts? in the last 15m/ }).waitFor();
    await form.getByRole("checkbox", { name: "ops" }).check();
    await screenshot(page, "alerts-editor-light-1440");
    await form.getByRole("button", { name: "Save rule" }).click();
    await form.waitFor({ state: "detached" });
    await textWith(page, ".alert-rules", /slow-shop/);
    const saved = (await overview()).rules.find(({ id }) => id === "slow-shop");
    expect(saved).toMatchObject({ origin: "api", notify: ["ops"], definition: { kind: "duration", minVolume: 1 } });
  });

  it("may be an SLO or a query, too, each with its preview", async () => {
    const page = await openAlerts("?range=15m");
    await page.getByRole("button", { name: "New rule" }).click();
    const form = page.getByRole("form", { name: "Rule" });
    await form.getByLabel("Fires on").selectOption("slo-burn");
    // The shop has run for a minute or two.
    await form.getByText("More: how long").click();
    await form.getByLabel("Least volume to judge").fill("1");
    await form.getByText(/fires at least 14.4.*at least 6.*at least 1/).waitFor();
    await form.getByLabel("Fires on").selectOption("query");
    await form
      .getByLabel(/SELECT with a column value/)
      .fill("SELECT count() AS value FROM spans WHERE start_time >= {from:DateTime} AND start_time < {to:DateTime}");
    await form.getByRole("img", { name: /Would have told of \d+ alerts? in .*above 1/ }).waitFor();
    await form.getByLabel(/SELECT with a column value/).fill("SELECT file('/etc/passwd') AS value");
    await textWith(page, "#rule-sql-error", /the function "file"/);
  });
});

it("an alert that fires is silenced for an hour, says so, and the silence is ended", async () => {
  const page = await openAlerts();
  const rule = page.locator(".alert-rules > li", { hasText: "Function fails" });
  await rule.getByRole("button", { name: /Silence for 1 h: / }).first().click();
  await textWith(page, ".alert-rules", /muted by page-\d+/);
  await page.getByRole("button", { name: /End the silence/ }).first().click();
  await textWith(page, "#silences", /None/);
  expect((await overview()).rules[0]?.alerts[0]?.mutedBy).toBeNull();
});

it("alerts are silenced at times of every week, changed and ended on the page", async () => {
  const page = await openAlerts();
  await page.getByRole("button", { name: "New silence" }).click();
  const form = page.getByRole("form", { name: "Silence" });
  await form.getByLabel("Id", { exact: true }).fill("nights");
  await form.getByLabel("Alerts with these labels").fill("service=no-such-service");
  await form.getByLabel("Time zone").fill("Europe/Amsterdam");
  await form.getByRole("button", { name: "Save silence" }).click();
  await textWith(page, "#silences", /nights .*Mon, Tue, Wed, Thu, Fri 22:00 to 06:00 \(Europe\/Amsterdam\)/);
  await page.getByRole("button", { name: "Edit the silence nights" }).click();
  await form.getByRole("checkbox", { name: "Fri" }).uncheck();
  await form.getByRole("button", { name: "Save silence" }).click();
  await textWith(page, "#silences", /Mon, Tue, Wed, Thu 22:00/);
  await page.getByRole("button", { name: "End the silence nights" }).click();
  await textWith(page, "#silences", /None/);
});

describe.for(LOOKS)("in %s at %d px", ([colorScheme, width]) => {
  it("the alerts and their editor are accessible and as wide as the window", async () => {
    const page = await openPage("/alerts", lookOptions(colorScheme, width));
    await page.locator(".alert-history li").first().waitFor();
    await expectFit(page, `alerts-${colorScheme}-${String(width)}`);
    await page.getByRole("button", { name: "New rule" }).click();
    await page.getByRole("form", { name: "Rule" }).getByRole("figure").waitFor();
    await page.getByRole("button", { name: "New silence" }).click();
    await page.getByRole("form", { name: "Silence" }).getByLabel("Time zone").waitFor();
    await expectFit(page, `alerts-new-${colorScheme}-${String(width)}`);
  });
});

it("keeps states and drawings apart where the system's few colours rule", async () => {
  const page = await openPage("/alerts?range=15m", { forcedColors: "active", colorScheme: "dark" });
  await page.locator(".alert-history li").first().waitFor();
  await page.getByRole("button", { name: "New rule" }).click();
  await page.getByRole("form", { name: "Rule" }).getByRole("figure").waitFor();
  await screenshot(page, "alerts-forced-colors");
  const states = await page.locator(".alert-state").allInnerTexts();
  expect(states).toContain("Firing");
});
