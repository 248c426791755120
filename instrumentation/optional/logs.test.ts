/** Log lines that say which trace they belong to, with the loggers that people use. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCollector, type TestCollector } from "../testing/collector.ts";
import { type RunningFunction, RUNTIMES, startFunction } from "../testing/lambda.ts";
import { runProgram } from "../testing/program.ts";

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

interface Line {
  readonly run?: number;
  readonly expected?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
}

describe("a logger", () => {
  it("of pino and of winston writes the trace and span of every line, however slowly it writes", async () => {
    const { stdout } = await runProgram(collector, "log-context.mjs");
    const out = JSON.parse(stdout) as { outside: Line; pino: Line[]; winston: Line[] };
    const spans = await collector.waitFor((all) => all.length >= 2);
    expect(out.outside).toEqual({});
    for (const lines of [out.pino, out.winston]) {
      const inside = lines.filter(({ run }) => run !== undefined);
      expect([lines.length, inside.length]).toEqual([201, 200]);
      for (const line of inside) {
        const span = spans.find(({ spanId }) => spanId === line.expected);
        expect(line).toMatchObject({ trace_id: span?.traceId, span_id: span?.spanId, trace_flags: "01" });
      }
      for (const line of lines) if (line.run === undefined) expect(line).not.toHaveProperty("trace_id");
    }
  });
});

describe("console", () => {
  it("begins its lines with the trace, and puts it into lines of JSON, where that is asked for", async () => {
    const { stdout, stderr } = await runProgram(collector, "log-console.mjs", { HOPSCOPE_LOG_CONTEXT: "true" });
    const [span] = await collector.waitFor((all) => all.length > 0);
    const prefix = `trace_id=${span?.traceId} span_id=${span?.spanId} trace_flags=01`;
    const fields = `"trace_id":"${span?.traceId}","span_id":"${span?.spanId}","trace_flags":"01"`;
    expect(stdout.split("\n")).toEqual([
      "outside",
      `${prefix} charged ada 2 times`,
      `${prefix} 100%s sure`,
      `{"order":7,"big":12345678901234567890,${fields}}`,
      `{${fields}}`,
      '{"trace_id":"mine"}',
      `${prefix} { not json }`,
      "",
      "afterwards",
      "",
    ]);
    expect(stderr).toContain(`${prefix} { order: 7 }`);
    expect(stderr).toContain(`${prefix} RangeError: no stock`);
  });

  it("is left alone otherwise", async () => {
    const { stdout } = await runProgram(collector, "log-console.mjs");
    expect(stdout).not.toContain("trace_id=");
  });
});

describe.each([
  ["the runtime of Node 24", RUNTIMES.current],
  ["the runtimes up to Node 22", RUNTIMES.legacy],
] as const)("console on %s", (_, runtime) => {
  async function linesOf(format: string): Promise<string[]> {
    const fn = await startFunction({
      handler: "logging.handler",
      runtime: runtime ?? "",
      env: { HOPSCOPE_LOG_CONTEXT: "true", AWS_LAMBDA_LOG_FORMAT: format, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    started.push(fn);
    await fn.invoke({});
    expect(collector.spans.length).toBeGreaterThan(0);
    return fn.log.split("\n").filter((line) => line.includes("order"));
  }
  const spanOf = () => collector.spans.find((span) => span.attributes["faas.trigger"]);

  it.skipIf(!runtime)("enriches the very first line, in Lambda's text format", async () => {
    const [first, object] = await linesOf("Text");
    const prefix = `trace_id=${spanOf()?.traceId} span_id=${spanOf()?.spanId} trace_flags=01`;
    expect(first).toMatch(new RegExp(`\\tINFO\\t${prefix} order 7$`));
    expect(object).toMatch(new RegExp(`\\tINFO\\t${prefix} \\{ order: 7 \\}$`));
  });

  it.skipIf(!runtime)("gives objects and errors fields, in Lambda's JSON format", async () => {
    const [first, object, error] = (await linesOf("JSON")).map((line) => JSON.parse(line) as Record<string, unknown>);
    const fields = { trace_id: spanOf()?.traceId, span_id: spanOf()?.spanId, trace_flags: "01" };
    expect(first?.message).toBe(`trace_id=${fields.trace_id} span_id=${fields.span_id} trace_flags=01 order 7`);
    expect(object).toMatchObject({ level: "INFO", message: { order: 7, ...fields } });
    expect(error).toMatchObject({
      level: "ERROR",
      message: { errorType: "RangeError", errorMessage: "no such order", code: "E_ORDER", ...fields },
    });
  });
});
