/** Payload capture round handlers: on Lambda's own runtime clients, and in a long-running process. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadingParts } from "./core/parts.ts";
import type * as Hopscope from "./index.ts";
import { startCollector, type TestCollector } from "./testing/collector.ts";
import { type RunningFunction, RUNTIMES, startFunction } from "./testing/lambda.ts";

let collector: TestCollector;
let traced: typeof Hopscope.traced;
const started: RunningFunction[] = [];

beforeAll(async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, "build.mjs")]);
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = "10";
  ({ traced } = await import("./index.ts"));
});
beforeEach(() => {
  collector.spans.length = 0;
});
afterEach(() => {
  for (const fn of started.splice(0)) fn.stop();
});
afterAll(() => collector.close());

const captured = (): unknown[] => {
  const span = collector.spans.find(({ attributes }) => attributes["faas.trigger"]);
  return ["request", "response"].map((part) => span?.attributes[`hopscope.${part}.payload`]);
};

describe.each([
  ["the runtime of Node 24", RUNTIMES.current],
  ["the runtimes up to Node 22", RUNTIMES.legacy],
] as const)("on %s", (_, runtime) => {
  const event = { name: "ada", password: "p" };

  it.skipIf(!runtime).for([
    ["true", ['{"name":"ada","password":"[redacted]"}', '{"statusCode":200,"body":"ada"}']],
    ["false", [undefined, undefined]],
    ["", [undefined, undefined]],
  ] as const)("HOPSCOPE_CAPTURE_PAYLOAD=%s decides for the very first invocation", async ([value, expected]) => {
    const env = { HOPSCOPE_CAPTURE_PAYLOAD: value, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const fn = await startFunction({ handler: "handlers.promise", runtime: runtime ?? "", env });
    started.push(fn);
    expect(await fn.invoke(event)).toMatchObject({ kind: "response", body: '{"statusCode":200,"body":"ada"}' });
    expect(captured()).toEqual(expected);
  });
});

describe("in a long-running process", () => {
  it("records the event as it was given, whatever the handler makes of it", async () => {
    const handler = traced(
      async (event: { n: number; iban?: string }) => {
        event.n = 2;
        return { done: true, vat: "p" };
      },
      { capturePayload: { redactKeys: ["vat"] } },
    );
    // In a process, nothing waits for what is still being loaded.
    await loadingParts();
    await handler({ n: 1, iban: "p" });
    await collector.waitFor((spans) => spans.length > 0);
    expect(captured()).toEqual(['{"n":1,"iban":"[redacted]"}', '{"done":true,"vat":"[redacted]"}']);
  });

  it("records no response of a handler that threw", async () => {
    const handler = traced(() => Promise.reject(new Error("no stock")), { capturePayload: true });
    await loadingParts();
    await expect(Promise.resolve(handler.call(undefined))).rejects.toThrow("no stock");
    await collector.waitFor((spans) => spans.length > 0);
    expect(captured()).toEqual([undefined, undefined]);
  });

  it("reports a wrong option by name and with what is allowed", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    traced(async () => 1, { capturePayload: "yes" as never });
    expect(warn.mock.calls).toEqual([["hopscope: option capturePayload must be a boolean or an object; it is ignored"]]);
    warn.mockRestore();
  });
});
