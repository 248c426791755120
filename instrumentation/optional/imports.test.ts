/** Children of the init span for the slowest module loads, round handlers that know nothing of it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { type RunningFunction, RUNTIMES, startFunction } from "../testing/lambda.ts";
import { NODES } from "../testing/nodes.ts";
import type { ReceivedSpan } from "../testing/otlp-decoder.ts";

let collector: TestCollector;
const started: RunningFunction[] = [];

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

/** Loads of `handler`'s first invocation, by name, and what the function logged. */
async function importsOf(handler: string, value: string, runtime: string | undefined, node = process.execPath) {
  const env = {
    NODE_OPTIONS: "--import hopscope/register",
    HOPSCOPE_TRACE_IMPORTS: value,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  };
  const fn = await startFunction({ handler, runtime: runtime ?? "", node, env });
  started.push(fn);
  expect(await fn.invoke({}), fn.log).toMatchObject({ kind: "response" });
  const init = collector.spans.find((span) => span.name === "init");
  const imports = new Map(
    collector.spans.filter(({ name }) => name.startsWith("import ")).map((span) => [span.name.slice("import ".length), span]),
  );
  return { init, imports, log: fn.log };
}

const durationMs = (span: ReceivedSpan | undefined): number => (span ? Number(span.endNs - span.startNs) / 1e6 : 0);

describe("the init span", () => {
  it.skipIf(!RUNTIMES.current)("has a child for each slow ES module, and for what requires others", async () => {
    const { init, imports } = await importsOf("slow-imports.handler", "true", RUNTIMES.current);
    expect(durationMs(imports.get("slow/esm.mjs"))).toBeGreaterThan(19);
    expect(durationMs(imports.get("slow/later.mjs"))).toBeGreaterThan(14);
    const outer = imports.get("slow/outer.cjs");
    const inner = imports.get("slow/inner.cjs");
    expect(durationMs(outer)).toBeGreaterThan(34);
    expect(durationMs(inner)).toBeGreaterThan(24);
    expect(inner?.parentSpanId).toBe(outer?.spanId);
    for (const span of [imports.get("slow/esm.mjs"), outer]) {
      expect(span).toMatchObject({ parentSpanId: init?.spanId, traceId: init?.traceId, kind: "internal" });
    }
    // Loaded by the handler: not before it.
    expect([...imports.keys()].filter((name) => name.includes("too-late"))).toEqual([]);
    expect(imports.size).toBeLessThanOrEqual(10);
  });

  describe.skipIf(!RUNTIMES.legacy).each(NODES)("on Node $version", ({ path }) => {
    it("has a child for each slow CommonJS module", async () => {
      const { init, imports } = await importsOf("slow-requires.handler", "true", RUNTIMES.legacy, path);
      expect(durationMs(imports.get("slow/inner.cjs"))).toBeGreaterThan(24);
      const outer = imports.get("slow/outer.cjs");
      expect(imports.get("slow/inner.cjs")?.parentSpanId).toBe(outer?.spanId);
      expect(Number(outer?.startNs)).toBeGreaterThan(Number(init?.startNs));
      expect(Number(outer?.endNs)).toBeLessThan(Number(init?.endNs));
      expect([...imports.keys()].filter((name) => name.includes("too-late"))).toEqual([]);
    });
  });

  it.skipIf(!RUNTIMES.current).for([
    ["1", 1],
    ["0", 0],
    ["false", 0],
  ] as const)("has as many as are asked for: %s", async ([value, count]) => {
    const { imports } = await importsOf("slow-requires.handler", value, RUNTIMES.current);
    expect(imports.size).toBe(count);
  });

  it.skipIf(!RUNTIMES.current)("has none for a wrong value, which is reported with what is allowed", async () => {
    const { imports, log } = await importsOf("slow-requires.handler", "many", RUNTIMES.current);
    expect(imports.size).toBe(0);
    expect(log).toContain('HOPSCOPE_TRACE_IMPORTS must be true, false or a number up to 100, not "many"');
  });
});
