/** What the environment says, and what becomes of a value that it must not have. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Config, readConfig } from "./config.ts";
import { readSwitches } from "./switches.ts";

let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => vi.restoreAllMocks());

describe("a setting of the environment", () => {
  it.for<[string, string, (config: Config) => unknown, unknown]>([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.test/base/", ({ tracesUrl }) => tracesUrl.href, "https://c.test/base/v1/traces"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c.test/t", ({ tracesUrl }) => tracesUrl.href, "http://c.test/t"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20a", ({ headers }) => headers.authorization, "Bearer a"],
    ["OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", ({ gzip }) => gzip, true],
    ["OTEL_SERVICE_NAME", "shop", ({ resource }) => resource, { "service.name": "shop" }],
    ["OTEL_TRACES_SAMPLER", "traceidratio", ({ sampler }) => sampler, "traceidratio"],
    ["OTEL_TRACES_SAMPLER_ARG", "0.25", ({ samplerRatio }) => samplerRatio, 0.25],
    ["OTEL_BSP_SCHEDULE_DELAY", "250", ({ batchDelayMs }) => batchDelayMs, 250],
    ["HOPSCOPE_FLUSH_BUDGET_MS", "2000", ({ flushBudgetMs }) => flushBudgetMs, 2_000],
  ])("%s=%s is honoured", ([name, value, read, expected]) => {
    expect(read(readConfig({ [name]: value }))).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it.for<[string, string, string]>([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://c.test", "an http:// or https:// URL"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "nowhere", "an http:// or https:// URL"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "Bearer", "key=value pairs"],
    ["OTEL_TRACES_SAMPLER", "sometimes", "one of always_on"],
    ["OTEL_TRACES_SAMPLER_ARG", "2", "a number from 0 to 1"],
    ["OTEL_BSP_SCHEDULE_DELAY", "soon", "milliseconds from 0 to 60000"],
    ["HOPSCOPE_FLUSH_BUDGET_MS", "-1", "milliseconds from 0 to 900000"],
    ["HOPSCOPE_TRACE_HTTP", "maybe", "true or false"],
  ])("%s=%s is reported with what is allowed, and ignored", ([name, value, allowed]) => {
    const env = { [name]: value };
    expect([readConfig(env), readSwitches(env)]).toEqual([readConfig({}), readSwitches({})]);
    expect(warnings).toEqual([expect.stringContaining(allowed)]);
    expect(warnings[0]).toContain(name);
  });
});
