/** What is loaded where it is asked for, in functions that were bundled with the wrapper by esbuild. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type Format } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { RUNTIMES, startFunction } from "../testing/lambda.ts";
import { NODES } from "../testing/nodes.ts";

const ROOT = join(import.meta.dirname, "..");
let collector: TestCollector;
let directory: string;

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, "build.mjs")]);
  collector = await startCollector();
  mkdirSync(join(ROOT, "../.cache"), { recursive: true });
  directory = mkdtempSync(join(ROOT, "../.cache/bundled-"));
  for (const format of ["esm", "cjs"] satisfies Format[]) {
    const { warnings } = await build({
      entryPoints: [join(ROOT, "testing/functions/logging.mjs")],
      outfile: join(directory, format === "esm" ? "esm.mjs" : "cjs.cjs"),
      format,
      bundle: true,
      minify: true,
      platform: "node",
      target: "node20",
    });
    expect(warnings).toEqual([]);
  }
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await collector.close();
});

describe.skipIf(!RUNTIMES.legacy).each(NODES)("on Node $version", ({ path }) => {
  it.for(["esm", "cjs"])("a bundle in %s has log context and payloads from its first line on", async (name) => {
    collector.spans.length = 0;
    const fn = await startFunction({
      handler: `${name}.handler`,
      runtime: RUNTIMES.legacy ?? "",
      node: path,
      directory,
      env: { HOPSCOPE_LOG_CONTEXT: "true", HOPSCOPE_CAPTURE_PAYLOAD: "true", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    expect(await fn.invoke({ order: 7 }), fn.log).toMatchObject({ kind: "response" });
    fn.stop();
    const span = collector.spans.find(({ attributes }) => attributes["faas.trigger"]);
    expect(fn.log).toContain(`trace_id=${span?.traceId} span_id=${span?.spanId} trace_flags=01 order 7\n`);
    expect(span?.attributes["hopscope.request.payload"]).toBe('{"order":7}');
  });
});
