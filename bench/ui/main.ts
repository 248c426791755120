/**
 * `npm run bench -- ui`: from the answer of the API to the painted waterfall, for a flow of 10,000 spans, in a real
 * browser, as it is and with the processor throttled to a quarter. Beside the wall clock stands what the page's main
 * thread worked, because a shared machine makes it wait.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type CDPSession } from "playwright-core";
import { findBrowser } from "../../scripts/browser.mjs";
import { bigFlow } from "../../ui/fixtures/big-flow.ts";

const SPANS = 10_000;
const LOADS = 9;
const THROTTLES = [1, 4];
const VIEWPORT = { width: 1440, height: 900 };
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };
const distDir = fileURLToPath(new URL("../../ui/dist/", import.meta.url));

/** Milliseconds between the marks of one load, and what the main thread worked since the answer was there. */
interface Measured {
  readonly paintedMs: number;
  readonly parsedMs: number;
  readonly workedMs: number;
  readonly layoutMs: number;
}

/** In the page: marks when the flow's answer is there, when it is parsed, and when its rows are painted. */
const MARKS = `
  const parse = Response.prototype.json;
  Response.prototype.json = async function () {
    if (!this.url.includes("/api/flows/")) return parse.call(this);
    const text = await this.text();
    performance.mark("answered");
    const body = JSON.parse(text);
    performance.mark("parsed");
    return body;
  };
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".waterfall-row")) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => performance.mark("painted");
      channel.port2.postMessage(undefined);
    });
  }).observe(document, { childList: true, subtree: true });`;

if (!existsSync(join(distDir, "index.html"))) throw new Error("the UI is not built: run npm run build");
const server = await serve();
const executablePath = findBrowser();
const browser = await chromium.launch({
  ...(executablePath !== undefined && { executablePath }),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
});
try {
  for (const throttle of THROTTLES) {
    const loads: Measured[] = [];
    for (let n = 0; n < LOADS; n++) loads.push(await load(browser, throttle));
    report(throttle, loads);
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}

/** The built page, and one flow for whatever id is asked. */
async function serve(): Promise<Server> {
  // Over a minute ago, so that the page does not ask again.
  const start = new Date(Date.now() - 600_000).toISOString().replace("Z", "000000Z");
  const flow = JSON.stringify(bigFlow(start, SPANS));
  const created = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path.startsWith("/api/")) return response.setHeader("content-type", "application/json").end(flow);
    const file = join(distDir, extname(path) === "" ? "index.html" : path);
    if (!existsSync(file)) return response.writeHead(404).end();
    return response.setHeader("content-type", TYPES[extname(file)] ?? "image/svg+xml").end(readFileSync(file));
  });
  await new Promise<void>((settle) => created.listen(0, "127.0.0.1", settle));
  return created;
}

async function load(chrome: Browser, throttle: number): Promise<Measured> {
  const context = await chrome.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable");
  await session.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  await page.addInitScript(MARKS);
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${String(port)}/flows/00000000000000000000000000000b16`, { waitUntil: "commit" });
  await page.waitForFunction('performance.getEntriesByName("answered").length > 0');
  await page.waitForFunction('performance.getEntriesByName("painted").length > 0');
  const marks = await page.evaluate<{ answered: number; parsed: number; painted: number }>(
    `Object.fromEntries(["answered", "parsed", "painted"].map((name) => [name, performance.getEntriesByName(name)[0].startTime]))`,
  );
  const metrics = await metricsOf(session);
  await context.close();
  return {
    paintedMs: marks.painted - marks.answered,
    parsedMs: marks.parsed - marks.answered,
    workedMs: 1_000 * ((metrics.get("ScriptDuration") ?? 0) + layoutOf(metrics)),
    layoutMs: 1_000 * layoutOf(metrics),
  };
}

async function metricsOf(session: CDPSession): Promise<Map<string, number>> {
  const { metrics } = await session.send("Performance.getMetrics");
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

function layoutOf(metrics: ReadonlyMap<string, number>): number {
  return (metrics.get("LayoutDuration") ?? 0) + (metrics.get("RecalcStyleDuration") ?? 0);
}

function report(throttle: number, loads: readonly Measured[]): void {
  const median = (pick: (one: Measured) => number): string =>
    (loads.map(pick).sort((a, b) => a - b)[Math.floor(loads.length / 2)] ?? 0).toFixed(0);
  const least = Math.min(...loads.map(({ paintedMs }) => paintedMs)).toFixed(0);
  process.stdout.write(
    `${SPANS.toLocaleString("en")} spans, ${String(throttle)}x throttle: answer to painted p50 ` +
      `${median((one) => one.paintedMs)} ms, least ${least} ms (JSON ${median((one) => one.parsedMs)} ms); ` +
      `whole load's script, style and layout ${median((one) => one.workedMs)} ms, of it layout ${median((one) => one.layoutMs)} ms\n`,
  );
}
