/** `hopscope/register` round handlers that know nothing of it, under Lambda's own runtime clients. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startAwsEndpoint } from "./testing/aws-endpoint.ts";
import { startCollector, type TestCollector } from "./testing/collector.ts";
import { RUNTIMES, startFunction } from "./testing/lambda.ts";
import { NODES } from "./testing/nodes.ts";
import type { ReceivedSpan } from "./testing/otlp-decoder.ts";

const FUNCTIONS = join(import.meta.dirname, "testing/functions");
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const EVENT = {
  version: "2.0",
  routeKey: "POST /orders",
  rawPath: "/orders",
  headers: { traceparent: TRACEPARENT },
  requestContext: { http: { method: "POST", path: "/orders" } },
};
let collector: TestCollector;
let aws: Awaited<ReturnType<typeof startAwsEndpoint>>;
/** Functions as they are deployed: outside of this repository's own packages. */
let deployed: string;

beforeAll(async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, "build.mjs")]);
  collector = await startCollector();
  aws = await startAwsEndpoint(() => ({ body: { MessageId: "m-1" } }));
  mkdirSync(join(import.meta.dirname, "../.cache"), { recursive: true });
  deployed = mkdtempSync(join(import.meta.dirname, "../.cache/register-"));
  const shared: BuildOptions = { bundle: true, platform: "node", minify: true, logLevel: "error" };
  const plain = join(FUNCTIONS, "plain.mjs");
  const banner = { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' };
  await build({ ...shared, entryPoints: [plain], format: "esm", banner, outfile: join(deployed, "bundled.mjs") });
  await build({ ...shared, entryPoints: [plain], format: "cjs", outfile: join(deployed, "bundled-commonjs.cjs") });
  for (const name of ["plain.mjs", "plain-commonjs.cjs", "explicit.mjs"]) {
    cpSync(join(FUNCTIONS, name), join(deployed, name));
  }
});
beforeEach(() => {
  collector.spans.length = 0;
  aws.requests.length = 0;
});
afterAll(async () => {
  rmSync(deployed, { recursive: true, force: true });
  aws.close();
  await collector.close();
});

/** What a flow is made of, without ids and times. */
const shape = (spans: ReceivedSpan[]): unknown[] =>
  spans
    .map(({ name, kind, attributes }) => ({ name, kind, keys: attributes["hopscope.message.keys"] ?? [] }))
    .toSorted((a, b) => a.name.localeCompare(b.name));

async function flowOf(handler: string, nodeOptions: string, runtime = "", node = process.execPath) {
  const fn = await startFunction({
    handler,
    runtime,
    node,
    directory: deployed,
    timeoutMs: 10_000,
    env: {
      NODE_OPTIONS: nodeOptions,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      AWS_ENDPOINT_URL: aws.options.endpoint,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      QUEUE_URL: `${aws.options.endpoint}/000000000000/payments`,
    },
  });
  try {
    const outcome = await fn.invoke(EVENT);
    expect(outcome, fn.log).toMatchObject({ kind: "response", body: '{"statusCode":200,"body":"/orders"}' });
  } finally {
    fn.stop();
  }
  const invocation = collector.spans.find((span) => span.kind === "server");
  const send = collector.spans.find((span) => span.kind === "producer");
  expect(invocation?.parentSpanId).toBe("b7ad6b7169203331");
  expect(send?.parentSpanId).toBe(invocation?.spanId);
  expect(aws.requests[0]?.body).toContain(`00-${invocation?.traceId}-${send?.spanId}-01`);
  return shape(collector.spans);
}

describe.each([
  ["the runtime of Node 24", RUNTIMES.current],
  ["the runtimes up to Node 22", RUNTIMES.legacy],
] as const)("with %s", (_, runtime) => {
  describe.skipIf(!runtime)("an unmodified handler", () => {
    const explicit = [
      { name: "init", kind: "internal", keys: [] },
      { name: "POST /orders", kind: "server", keys: [] },
      { name: "send payments", kind: "producer", keys: ["aws_sqs:m-1"] },
    ];

    it.for([
      ["ESM", "plain.handler"],
      ["CommonJS", "plain-commonjs.handler"],
      ["ESM, bundled and minified", "bundled.handler"],
      ["CommonJS, bundled and minified", "bundled-commonjs.handler"],
      ["wrapped by hand as well", "explicit.handler"],
    ] as const)("in %s gives the same flow as explicit wrapping", async ([, handler]) => {
      expect(await flowOf(handler, "--import hopscope/register", runtime)).toEqual(explicit);
    });

    it("is wrapped by --require as well", async () => {
      expect(await flowOf("plain-commonjs.handler", "--require hopscope/register", runtime)).toEqual(explicit);
    });

    it("wrapped by hand gives that flow", async () => {
      expect(await flowOf("explicit.handler", "", runtime)).toEqual(explicit);
    });
  });
});

/** Those of other lines than the one that runs this. */
const OTHERS = NODES.filter(({ path }) => path !== process.execPath);

describe.skipIf(!RUNTIMES.legacy).each(OTHERS)("on Node $version", ({ path }) => {
  it.for(["plain.handler", "plain-commonjs.handler", "bundled.handler", "bundled-commonjs.handler"])(
    "an unmodified %s gives the same flow",
    async (handler) => {
      const flow = await flowOf(handler, "--import hopscope/register", RUNTIMES.legacy, path);
      expect(flow).toHaveLength(3);
    },
  );
});

describe.skipIf(!RUNTIMES.current)("a handler that is not there", () => {
  it.for([
    ["nowhere.handler", "Cannot find module"],
    ["plain.nothing", "plain.nothing is undefined or not exported"],
  ] as const)("%s fails to start with Lambda's own words", async ([handler, words]) => {
    const fn = await startFunction({
      handler,
      runtime: RUNTIMES.current ?? "",
      directory: deployed,
      env: { NODE_OPTIONS: "--import hopscope/register", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    fn.stop();
    expect(fn.initError).toContain(words);
  });
});
