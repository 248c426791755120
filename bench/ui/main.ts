/**
 * `npm run bench -- ui`: from the last byte of the API's answer to the first frame with the waterfall's rows, for a
 * flow of 10,000 spans, in a real browser, as it is and with the processor throttled to a quarter.
 *
 * Served is what the collector answers for such a flow: its outline, made by the function that the collector uses.
 * Counted are parsing the JSON, building the rows, rendering, style, layout and paint; not counted are the collector's
 * work and the wire. Beside the wall clock stands what the page's main thread worked between the two, by the browser's
 * own trace: on a machine that does other things as well, only that compares.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium, type Browser } from "playwright-core";
import { outlineOf } from "../../schema/flow-outline.ts";
import { findBrowser } from "../../scripts/browser.mjs";
import { bigFlow } from "../../ui/fixtures/big-flow.ts";
import { workBetween, type Work } from "./trace.ts";

const SPANS = 10_000;
const LOADS = 9;
const THROTTLES = [1, 4];
const VIEWPORT = { width: 1440, height: 900 };
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };
const TRACED = ["-*", "devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing", "toplevel", "loading"];
const distDir = fileURLToPath(new URL("../../ui/dist/", import.meta.url));

/** In the page: marks the frame in which the first row is painted. */
const MARK_PAINTED = `
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
    const loads: Work[] = [];
    for (let n = 0; n < LOADS; n++) loads.push(await load(browser, throttle));
    report(throttle, loads);
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}

/** The built page, and the outline of one flow for whatever id is asked. */
async function serve(): Promise<Server> {
  // Over a minute ago, so that the page does not ask again.
  const start = new Date(Date.now() - 600_000).toISOString().replace("Z", "000000Z");
  const outline = JSON.stringify(outlineOf(bigFlow(start, SPANS)));
  process.stdout.write(
    `${SPANS.toLocaleString("en")} spans: ${(outline.length / 1e6).toFixed(2)} MB of JSON, ` +
      `${(gzipSync(outline).length / 1e3).toFixed(0)} KB gzip\n`,
  );
  const created = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path.startsWith("/api/")) return response.setHeader("content-type", "application/json").end(outline);
    const file = join(distDir, extname(path) === "" ? "index.html" : path);
    if (!existsSync(file)) return response.writeHead(404).end();
    return response.setHeader("content-type", TYPES[extname(file)] ?? "image/svg+xml").end(readFileSync(file));
  });
  await new Promise<void>((settle) => created.listen(0, "127.0.0.1", settle));
  return created;
}

async function load(chrome: Browser, throttle: number): Promise<Work> {
  const context = await chrome.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  await page.addInitScript(MARK_PAINTED);
  await chrome.startTracing(page, { categories: TRACED });
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${String(port)}/flows/00000000000000000000000000000b16`, { waitUntil: "commit" });
  await page.waitForFunction('performance.getEntriesByName("painted").length > 0');
  const trace = await chrome.stopTracing();
  await context.close();
  return workBetween(trace.toString("utf8"), "/outline", "painted");
}

function report(throttle: number, loads: readonly Work[]): void {
  const sorted = (pick: (one: Work) => number): number[] => loads.map(pick).sort((a, b) => a - b);
  const median = (pick: (one: Work) => number): string =>
    (sorted(pick)[Math.floor(loads.length / 2)] ?? 0).toFixed(0);
  const least = (pick: (one: Work) => number): string => (sorted(pick)[0] ?? 0).toFixed(0);
  process.stdout.write(
    `${String(throttle)}x throttle: last byte to painted p50 ${median((one) => one.wallMs)} ms, ` +
      `least ${least((one) => one.wallMs)} ms; main thread's work p50 ${median((one) => one.cpuMs)} ms, ` +
      `least ${least((one) => one.cpuMs)} ms (style ${median((one) => one.styleMs)}, ` +
      `layout ${median((one) => one.layoutMs)}, paint ${median((one) => one.paintMs)}, the rest script)\n`,
  );
}
