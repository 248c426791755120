/** The built package under Lambda's own runtime client, frozen between invocations. */
import { execFileSync } from "node:child_process";
import net from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { type FunctionOptions, type RunningFunction, RUNTIMES, startFunction } from "../testing/lambda.ts";
import { NODES } from "../testing/nodes.ts";
import type { ReceivedSpan } from "../testing/otlp-decoder.ts";

let collector: TestCollector;
const started: RunningFunction[] = [];
/** For what must arrive though the machine is busy. */
const PATIENT = { HOPSCOPE_FLUSH_BUDGET_MS: "15000" };

beforeAll(() => {
  execFileSync(process.execPath, [join(import.meta.dirname, "../build.mjs")]);
});
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  for (const fn of started.splice(0)) fn.stop();
  await collector.close();
});

async function start(handler: string, options: Partial<FunctionOptions> = {}, generation: "current" | "legacy" = "current") {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...options.env };
  const fn = await startFunction({ handler, runtime: RUNTIMES[generation] ?? "", ...options, env });
  started.push(fn);
  return fn;
}

const invocations = (spans: ReceivedSpan[]): ReceivedSpan[] => spans.filter((span) => span.attributes["faas.trigger"]);
const only = (spans: ReceivedSpan[]): ReceivedSpan => {
  expect(invocations(spans)).toHaveLength(1);
  return invocations(spans)[0] as ReceivedSpan;
};

describe.skipIf(!RUNTIMES.current)("on the runtime of Node 24", () => {
  it.for([
    ["promise", "response", '{"statusCode":200,"body":"ada"}'],
    ["plain", "response", '{"got":"ada"}'],
    ["background", "response", '"done"'],
    ["thrown", "error", "thrown at once"],
    ["rejected", "error", "rejected"],
    ["rejectedUndefined", "error", ""],
  ] as const)("%s: answers as without us, and has sent its span before it freezes", async ([name, kind, body]) => {
    const fn = await start(`handlers.${name}`);
    const outcome = await fn.invoke({ name: "ada" });
    expect(outcome.kind).toBe(kind);
    expect(outcome.body).toContain(body);
    const span = only(collector.spans);
    expect(span.status.code).toBe(kind === "error" ? 2 : 0);
    expect(span.attributes).toMatchObject({
      "faas.invocation_id": outcome.requestId,
      "faas.coldstart": true,
      "cloud.resource_id": "arn:aws:lambda:us-east-1:123456789012:function:fn",
      "cloud.account.id": "123456789012",
      "hopscope.remaining_time_ms": expect.any(Number) as number,
      "hopscope.memory.used": expect.any(Number) as number,
    });
    expect(span.resource).toMatchObject({ "service.name": "fn", "faas.max_memory": 134_217_728, "cloud.provider": "aws" });
  });

  it("counts one cold start, with its init span, however often it is invoked", async () => {
    const fn = await start("handlers.promise");
    for (let n = 0; n < 3; n++) await fn.invoke({});
    expect(invocations(collector.spans).map((span) => span.attributes["faas.coldstart"])).toEqual([true, false, false]);
    const inits = collector.spans.filter((span) => span.name === "init");
    expect(inits).toHaveLength(1);
    expect(inits[0]?.parentSpanId).toBe(invocations(collector.spans)[0]?.spanId);
    expect(invocations(collector.spans)[0]?.attributes["hopscope.init.duration_ms"]).toBeGreaterThan(1);
  });

  it.for(["provisioned-concurrency", "snap-start"])("does not call %s a cold start", async (type) => {
    const fn = await start("handlers.promise", { env: { AWS_LAMBDA_INITIALIZATION_TYPE: type } });
    await fn.invoke({});
    expect(only(collector.spans).attributes).toMatchObject({ "faas.coldstart": false, "hopscope.init.type": type });
    expect(collector.spans).toHaveLength(1);
  });

  it("loses nothing where the collector closed the connection while it was frozen", async () => {
    const fn = await start("handlers.promise");
    for (let n = 1; n <= 3; n++) {
      await fn.invoke({});
      expect(invocations(collector.spans)).toHaveLength(n);
      collector.dropConnections();
    }
  });

  it("streams, and sends its span before it freezes", async () => {
    const fn = await start("handlers.streaming");
    expect(await fn.invoke({})).toMatchObject({ kind: "response", body: expect.stringContaining("one two") as string });
    expect(only(collector.spans).status.code).toBe(0);
  });

  it("tells of a stream that broke off", async () => {
    const fn = await start("handlers.streamingFails");
    expect(await fn.invoke({})).toMatchObject({ kind: "error" });
    expect(only(collector.spans).status).toMatchObject({ code: 2, message: "broke off" });
  });

  it.for([
    ["exits", "ProcessExit", "the process exited with code 7"],
    ["uncaught", "Error", "nobody caught this"],
    ["unhandled", "Error", "nobody handled this"],
  ])("%s: the span of a dying process is sent and says why", async ([name, type, message]) => {
    const fn = await start(`handlers.${name}`, { env: PATIENT, timeoutMs: 20_000 });
    const outcome = await fn.invoke({});
    expect(outcome.kind).not.toBe("response");
    const [span] = invocations(await collector.waitFor((spans) => invocations(spans).length > 0));
    expect(span?.attributes["error.type"]).toBe(type);
    expect(span?.status).toMatchObject({ code: 2, message });
    if (name === "exits") expect(collector.spans.find((inner) => inner.name === "inner")?.parentSpanId).toBe(span?.spanId);
  });

  it("sends an invocation as timing out before Lambda kills it, and what it waits for", async () => {
    const fn = await start("handlers.hangs", { timeoutMs: 2_500 });
    expect((await fn.invoke({})).kind).toBe("exit");
    const invocation = only(collector.spans);
    expect(invocation).toMatchObject({
      status: { code: 2, message: "the deadline was about to pass" },
      attributes: { "hopscope.timeout": true, "error.type": "timeout" },
    });
    const waited = collector.spans.find((span) => span.name === "waits for a lock");
    expect(waited).toMatchObject({ parentSpanId: invocation.spanId, attributes: { "error.type": "timeout" } });
  });

  it("takes a timeout back that did not happen: the span that ended later counts", async () => {
    const fn = await start("handlers.closeCall", { timeoutMs: 3_000, graceMs: 20_000 });
    expect(await fn.invoke({})).toMatchObject({ kind: "response", body: '"in time"' });
    await fn.invoke({});
    const [announced, final] = invocations(collector.spans);
    expect(announced).toMatchObject({ status: { code: 2 }, attributes: { "hopscope.timeout": true } });
    expect(final).toMatchObject({ spanId: announced?.spanId, status: { code: 0 }, attributes: { "hopscope.timeout": false } });
    expect(final?.attributes).not.toHaveProperty("error.type");
    expect(Number(final?.endNs)).toBeGreaterThan(Number(announced?.endNs));
  });

  it("keeps what was sent before a kill for memory", async () => {
    const fn = await start("handlers.memory");
    await fn.invoke({});
    expect((await fn.invoke({ name: "die" })).kind).toBe("exit");
    expect(invocations(collector.spans)).toHaveLength(1);
  });

  it("gives each of Lambda's attempts with one request id a span of its own", async () => {
    const fn = await start("handlers.rejected");
    const first = await fn.invoke({});
    await fn.invoke({}, first.requestId);
    const ids = invocations(collector.spans).map((span) => span.attributes["faas.invocation_id"]);
    expect(ids).toEqual([first.requestId, first.requestId]);
    expect(new Set(collector.spans.map((span) => span.spanId)).size).toBe(3);
  });
});

describe.skipIf(!RUNTIMES.current)("a trace that the sampler does not keep", () => {
  it("is not sent, and what became of its invocations is still counted", async () => {
    const env = { OTEL_TRACES_SAMPLER: "always_off" };
    const fn = await start("handlers.rejected", { env });
    await fn.invoke({});
    await fn.invoke({});
    expect(collector.spans).toEqual([]);
    expect(collector.metrics).toHaveLength(2);
    for (const body of collector.metrics) expect(body.includes("faas.errors")).toBe(true);
  });
});

describe.skipIf(!RUNTIMES.current)("several invocations at once in one environment", () => {
  it("keep their spans apart", async () => {
    const env = { AWS_LAMBDA_MAX_CONCURRENCY: "4" };
    const fn = await start("handlers.concurrent", { env, freeze: false });
    const outcomes = await Promise.all([1, 2, 3, 4].map((n) => fn.invoke({ n })));
    expect(outcomes.map(({ body }) => body).toSorted()).toEqual(["1", "2", "3", "4"]);
    const spans = await collector.waitFor((all) => invocations(all).length === 4);
    const inners = spans.filter((span) => span.name === "inner");
    expect(new Set(inners.map((span) => span.parentSpanId)).size).toBe(4);
    for (const inner of inners) {
      const outer = spans.find((span) => span.spanId === inner.parentSpanId);
      expect(outer?.attributes["faas.invocation_id"]).toBe(inner.attributes.request);
      expect(outer?.traceId).toBe(inner.traceId);
    }
  });
});

describe.skipIf(!RUNTIMES.current)("a collector that fails", () => {
  // A function that waited longer than its budget would be killed at its deadline, which is what these look for:
  // how many milliseconds it took says more of the machine than of us.
  it.for([
    ["answers 500", { status: 500 }, 1],
    ["answers 429", { status: 429, headers: { "retry-after": "60" } }, 1],
    // One that rejects a body as malformed is well, and gets the next.
    ["answers 400", { status: 400 }, 2],
    ["is slow", { delayMs: 5_000 }, 1],
    ["never answers", { hang: true }, 1],
  ] as const)("%s: costs no answer, and is left alone after the first failure", async ([, answer, requests]) => {
    collector.answer = { ...answer };
    const fn = await start("handlers.promise");
    const first = await fn.invoke({ name: "ada" });
    expect(first).toMatchObject({ kind: "response", body: '{"statusCode":200,"body":"ada"}' });
    const second = await fn.invoke({ name: "eva" });
    expect(second).toMatchObject({ kind: "response", body: '{"statusCode":200,"body":"eva"}' });
    expect(collector.requests).toHaveLength(requests);
  });

  it("is not there: costs no answer, and is tried again only later", async () => {
    const free = net.createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const { port } = free.address() as net.AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const fn = await start("handlers.promise", { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } });
    for (let n = 0; n < 3; n++) expect(await fn.invoke({})).toMatchObject({ kind: "response" });
    expect(fn.log.match(/does not take spans/g)).toHaveLength(1);
  });

  it("leaves the function its last moments before the deadline", async () => {
    collector.answer = { hang: true };
    const fn = await start("handlers.patient", { timeoutMs: 2_000, graceMs: 20_000 });
    expect(await fn.invoke({})).toMatchObject({ kind: "response", body: '"answered"' });
  });
});

describe.skipIf(!RUNTIMES.legacy).each(NODES)("on the runtimes up to Node 22, with Node $version", ({ path: node }) => {
  it.for([
    ["legacy.promise", "response", '{"got":"ada"}'],
    ["legacy.plain", "response", "null"],
    ["legacy.callback", "response", '{"got":"ada"}'],
    ["legacy.callbackFails", "error", "called back"],
    ["legacy.callbackDoesNotWait", "response", '"at once"'],
    ["legacy.succeed", "response", '{"got":"ada"}'],
    ["legacy.forgetful", "response", "null"],
    ["legacy.thrown", "error", "thrown at once"],
    ["legacy.contextFails", "error", "failed later"],
    ["legacy.defaultCallback", "error", "called back by default"],
    ["legacy.restArguments", "error", "called back among the rest"],
    ["handlers.promise", "response", '{"statusCode":200,"body":"ada"}'],
    ["handlers.streaming", "response", "one two"],
    ["handlers.rejectedUndefined", "error", ""],
  ] as const)("%s: answers as without us, and has sent its span before it freezes", async ([name, kind, body]) => {
    const fn = await start(name, { node, env: PATIENT }, "legacy");
    const outcome = await fn.invoke({ name: "ada" });
    expect(outcome.kind).toBe(kind);
    expect(outcome.body).toContain(body);
    const { status } = only(collector.spans);
    expect(status.code).toBe(kind === "error" ? 2 : 0);
    if (kind === "error") expect(status.message).toContain(body);
  });
});
