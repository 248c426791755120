/** A web page of another origin that sends its spans, with the unmodified exporter in a real browser. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corsFor } from "../../collector/http/cors.ts";
import { ingestAuth } from "../../collector/http/ingest-auth.ts";
import { otlpHandler } from "../../collector/http/otlp.ts";
import { serveApp, type Serving } from "../../collector/http/serve.ts";
import { openReceiver, type Receiver } from "../../collector/ingest/receive.ts";
import { silentLog } from "../../collector/store/log.ts";
import { launchBrowser, type PageBrowser } from "../support/browser-page.ts";
import { createTestStore, type TestStore } from "../support/test-store.ts";
import { request, span } from "./conformance.cases.ts";

const token = "a-token-of-a-page-1";
const noApp = { fetch: () => new Response(null, { status: 404 }) };
const isRefusal = (message: { text(): string }) => /CORS|ERR_FAILED|Failed to load resource/.test(message.text());

/** What the page has: `send(url, headers)` is what the exporter says of one span. */
const SCRIPT = `
  import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
  import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
  window.send = (url, headers) => new Promise((settle) => {
    const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: 5000 });
    const told = { export: (spans, done) => exporter.export(spans, (result) => { done(result); settle(result.code); }),
      shutdown: () => exporter.shutdown(), forceFlush: () => exporter.forceFlush() };
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: told })] });
    provider.getTracer("page").startSpan("click").end();
  });
`;

let db: TestStore;
let dataDir: string;
let receiver: Receiver;
let site: Server;
let otherSite: Server;
let browser: PageBrowser;
const serving: Serving[] = [];
const originOf = (server: Server) => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

async function servePage(script: string): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const isScript = url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : "<!doctype html><link rel=icon href=data:,><title>page</title><script src=/page.js></script>");
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return server;
}

/** A collector that lets in pages of `origins`; the address of its traces. */
async function collector(origins: readonly string[] | undefined): Promise<string> {
  const authorize = ingestAuth({ tokens: [token] });
  const handler = otlpHandler(receiver, { authorize, cors: corsFor(origins) });
  const one = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, handler);
  serving.push(one);
  return `http://127.0.0.1:${String(one.port)}/v1/traces`;
}

beforeAll(async () => {
  db = await createTestStore();
  dataDir = await mkdtemp(join(tmpdir(), "hopscope-page-"));
  receiver = await openReceiver({ store: db.store, dataDir, retentionDays: 30, log: silentLog });
  const resolveDir = fileURLToPath(new URL(".", import.meta.url));
  const stdin = { contents: SCRIPT, resolveDir };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "iife", platform: "browser" });
  site = await servePage(outputFiles[0]?.text ?? "");
  otherSite = await servePage(outputFiles[0]?.text ?? "");
  browser = await launchBrowser(() => "");
}, 60_000);
afterAll(async () => {
  await browser.close();
  for (const one of serving) await one.close();
  for (const one of [site, otherSite]) one.close();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
  await db.close();
});

/** What the exporter in a page of that origin says; 0 is success. */
async function sendFrom(origin: string, url: string): Promise<{ code: unknown; spans: number }> {
  const page = await browser.open(origin, { isExpected: isRefusal });
  const before = receiver.stats().spans;
  const code = await page.evaluate(`send(${JSON.stringify(url)}, { authorization: "Bearer ${token}" })`);
  return { code, spans: receiver.stats().spans - before };
}

describe("a page's spans", { timeout: 60_000 }, () => {
  it.for([
    ["its origin", () => [originOf(site)]],
    ["any port of its host", () => ["https://shop.example.com", "http://127.0.0.1:*"]],
    ["every page", () => ["*"]],
  ] as const)("are taken where the setting names %s", async ([, origins]) => {
    expect(await sendFrom(originOf(site), await collector(origins()))).toEqual({ code: 0, spans: 1 });
  });

  it.for([
    ["no origin", (): readonly string[] | undefined => undefined],
    ["another origin", () => [originOf(otherSite)]],
  ] as const)("are held back by the browser where it names %s", async ([, origins]) => {
    expect(await sendFrom(originOf(site), await collector(origins()))).toEqual({ code: 1, spans: 0 });
  });

  it("are taken as a beacon, which always has credentials, while the page goes away", async () => {
    const serve = otlpHandler(receiver, { cors: corsFor([originOf(site)]) });
    const one = await serveApp(noApp, { host: "127.0.0.1", port: 0 }, serve);
    serving.push(one);
    const page = await browser.open(originOf(site));
    const before = receiver.stats().spans;
    const url = JSON.stringify(`http://127.0.0.1:${String(one.port)}/v1/traces`);
    const body = JSON.stringify(JSON.stringify(request(span())));
    await page.evaluate(`navigator.sendBeacon(${url}, new Blob([${body}], { type: "application/json" }))`);
    await expect.poll(() => receiver.stats().spans, { timeout: 20_000 }).toBe(before + 1);
  });
});
