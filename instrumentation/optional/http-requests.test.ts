/** Requests by `node:http` of the very first invocation, on each Node. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { RUNTIMES, startFunction } from "../testing/lambda.ts";
import { NODES } from "../testing/nodes.ts";

let collector: TestCollector;

beforeAll(async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, "../build.mjs")]);
  collector = await startCollector();
});
beforeEach(() => {
  collector.spans.length = 0;
  collector.requests.length = 0;
});
afterAll(() => collector.close());

describe.skipIf(!RUNTIMES.legacy).each(NODES)("on Node $version", ({ path }) => {
  it.for(["requesting.handler", "requesting-commonjs.handler"])("%s: its request is a span and carries the trace", async (handler) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, TARGET: `${collector.url}/v1/traces` };
    const fn = await startFunction({ handler, runtime: RUNTIMES.legacy ?? "", node: path, env });
    expect(await fn.invoke({}), fn.log).toMatchObject({ kind: "response", body: "200" });
    fn.stop();
    const request = collector.spans.find((span) => span.name === "GET");
    expect(request).toMatchObject({ kind: "client", attributes: { "http.response.status_code": 200 } });
    const seen = collector.requests.map(({ headers }) => headers.traceparent).filter(Boolean);
    expect(seen).toEqual([`00-${request?.traceId}-${request?.spanId}-01`]);
  });
});
