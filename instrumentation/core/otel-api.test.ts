/** The OpenTelemetry API, its instrumentations and its SDK beside us, in processes of their own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { NODES } from "../testing/nodes.ts";
import { runProgram } from "../testing/program.ts";

let collector: TestCollector;

beforeAll(async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, "../build.mjs")]);
  collector = await startCollector();
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterAll(() => collector.close());

/** What a program printed. */
async function program(name: string, env?: NodeJS.ProcessEnv, node?: string): Promise<string> {
  return (await runProgram(collector, name, env, node)).stdout;
}

const spanNamed = (name: string) => collector.spans.find((span) => span.name === name);

describe("the OpenTelemetry API", () => {
  it("has our spans, and its own become their children", async () => {
    const out = JSON.parse(await program("otel-api.mjs")) as Record<string, string>;
    const handler = spanNamed("handler");
    const child = spanNamed("charge card");
    expect(out.active).toBe(handler?.spanId);
    expect(child).toMatchObject({ traceId: handler?.traceId, parentSpanId: handler?.spanId, scope: "shop" });
    expect(child?.attributes).toEqual({ amount: 12.5, tags: ["a", "b"], nested: { deep: [1, null] } });
    expect(child?.events.map((event) => event.name)).toEqual(["declined", "exception"]);
    expect(child?.status).toEqual({ code: 2, message: "no funds" });
    expect(out.baggage).toBe("gold");
    expect(out.carrier).toContain(`00-${handler?.traceId}-`);
    expect(out.carrier).toContain("tier=gold");
    expect(out.extracted).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(out.bound).toBe(handler?.spanId);
  });

  it.for(["otel-library-first.mjs", "otel-before-us.cjs"])("serves a library that asks for a tracer at once: %s", async (name) => {
    await program(name);
    expect(spanNamed("library")?.parentSpanId).toBe(spanNamed("handler")?.spanId);
  });

  it("has the baggage that came with a request or message, and sends it on with the next", async () => {
    const out = JSON.parse(await program("otel-baggage.mjs")) as Record<string, string>;
    expect(out).toEqual({
      request: "gold",
      alone: "silver",
      batch: ["bronze", "none"],
      fetched: "tier=gold,step=2",
      sent: "tier=gold,step=2",
    });
  });

  it("serves the instrumentations of undici and of a database", async () => {
    await program("otel-instrumentations.cjs");
    const handler = spanNamed("handler");
    const request = collector.spans.find((span) => span.scope === "@opentelemetry/instrumentation-undici");
    const query = collector.spans.find((span) => span.name.startsWith("pg.query"));
    expect(request).toMatchObject({ kind: "client", traceId: handler?.traceId, parentSpanId: handler?.spanId });
    expect(query?.traceId).toBe(handler?.traceId);
    // Its own span for the request, not ours beside it.
    expect(collector.spans.filter((span) => span.name === "GET")).toHaveLength(1);
  });

  it("keeps a provider that is registered already, which then makes our spans and is flushed", async () => {
    await program("otel-own-sdk.mjs");
    const handler = spanNamed("handler");
    expect(handler?.resource["service.name"]).toBe("own-sdk");
    expect(spanNamed("inner")?.parentSpanId).toBe(handler?.spanId);
  });
});

describe.each(NODES)("fetch and node:http on Node $version", ({ path: node }) => {
  it("make client spans that carry the trace, without what a query asked for", async () => {
    const out = JSON.parse(await program("http-clients.mjs", {}, node)) as Record<string, string | null>;
    const handler = spanNamed("handler");
    const gets = collector.spans.filter((span) => span.name === "GET");
    expect(gets.map((span) => span.attributes["url.path"]).toSorted()).toEqual(["/fetched", "/gone", "/requested"]);
    for (const span of gets) expect(span).toMatchObject({ kind: "client", parentSpanId: handler?.spanId });
    const byPath = (path: string) => gets.find((span) => span.attributes["url.path"] === path);
    expect(out["/fetched"]).toContain(byPath("/fetched")?.spanId);
    expect(out["/requested"]).toContain(byPath("/requested")?.spanId);
    expect(byPath("/gone")).toMatchObject({ status: { code: 2 }, attributes: { "http.response.status_code": 410 } });
    for (const path of ["/broken", "/reset"]) {
      const post = collector.spans.find((span) => span.name === "POST" && span.attributes["url.path"] === path);
      expect(post).toMatchObject({ status: { code: 2 }, parentSpanId: handler?.spanId });
    }
    expect(JSON.stringify(gets.map((span) => span.attributes))).not.toContain("hidden");
    // Nothing was active: nothing was sent.
    expect(out["/outside"]).toBeNull();
  });

  it("can be left alone", async () => {
    await program("http-clients.mjs", { HOPSCOPE_TRACE_HTTP: "false" }, node);
    expect(collector.spans.map((span) => span.name)).toEqual(["handler"]);
  });
});

describe("a process that is told nothing", () => {
  it("runs untouched where tracing is disabled", async () => {
    expect(await program("disabled.mjs", { OTEL_SDK_DISABLED: "true" })).toBe("true 2\n");
    expect(collector.requests.filter(({ body }) => body.length === 0)).toEqual([]);
    expect(collector.spans).toEqual([]);
  });

  it.for(["SIGTERM", "end", "exit"])("has sent its spans when it ends by %s", async (how) => {
    await program("ends.mjs", { HOW: how, HOPSCOPE_FLUSH_BUDGET_MS: "15000" }).catch(() => undefined);
    await collector.waitFor((spans) => spans.some((span) => span.name === "last words"));
  });
});
