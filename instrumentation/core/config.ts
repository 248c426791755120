import type { Attributes } from "@opentelemetry/api";
import { SERVICE_NAME } from "@hopscope/schema/attributes";
import { BATCH_DELAY_MAX_MS, BATCH_DELAY_MS, FLUSH_BUDGET_MAX_MS, FLUSH_BUDGET_MS } from "./limits.ts";
import { report } from "./report.ts";

/** What the environment says, checked, with every default filled in. */
export interface Config {
  /** Where traces are posted: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `..._ENDPOINT` + `/v1/traces`. */
  readonly tracesUrl: URL;
  /** Where metrics are posted: `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, or `..._ENDPOINT` + `/v1/metrics`. */
  readonly metricsUrl: URL;
  /** Of every export: `OTEL_EXPORTER_OTLP_HEADERS`, and what the body is. */
  readonly headers: Readonly<Record<string, string>>;
  /** `OTEL_EXPORTER_OTLP_COMPRESSION=gzip`. */
  readonly gzip: boolean;
  /** `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME` over it. */
  readonly resource: Attributes;
  /** `OTEL_TRACES_SAMPLER`. */
  readonly sampler: SamplerName;
  /** `OTEL_BSP_SCHEDULE_DELAY`: longest that a span waits in a long-running process, milliseconds. */
  readonly batchDelayMs: number;
  /** `HOPSCOPE_FLUSH_BUDGET_MS`: longest that an invocation, or the end of a process, waits for us, milliseconds. */
  readonly flushBudgetMs: number;
  /** `OTEL_TRACES_SAMPLER_ARG`: part of the traces that is kept, 0 to 1. */
  readonly samplerRatio: number;
}

const ROOT_SAMPLERS = ["always_on", "always_off", "traceidratio"] as const;
/** The samplers that the OpenTelemetry specification names for `OTEL_TRACES_SAMPLER`. */
export type SamplerName = (typeof ROOT_SAMPLERS)[number] | `parentbased_${(typeof ROOT_SAMPLERS)[number]}`;

const DEFAULT_ENDPOINT = "http://localhost:4318";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the standard variables. A wrong value is reported once, by name and with what is allowed, and ignored.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readConfig(env: Env): Config {
  const resource = readPairs("OTEL_RESOURCE_ATTRIBUTES", env.OTEL_RESOURCE_ATTRIBUTES);
  if (env.OTEL_SERVICE_NAME) resource[SERVICE_NAME] = env.OTEL_SERVICE_NAME;
  return {
    tracesUrl: readSignalUrl(env, "TRACES"),
    metricsUrl: readSignalUrl(env, "METRICS"),
    headers: {
      ...readPairs(
        "OTEL_EXPORTER_OTLP_HEADERS",
        [env.OTEL_EXPORTER_OTLP_HEADERS, env.OTEL_EXPORTER_OTLP_TRACES_HEADERS].filter(Boolean).join(","),
      ),
      "content-type": "application/x-protobuf",
    },
    gzip: env.OTEL_EXPORTER_OTLP_COMPRESSION === "gzip",
    resource,
    sampler: readSampler(env.OTEL_TRACES_SAMPLER),
    samplerRatio: readRatio(env.OTEL_TRACES_SAMPLER_ARG),
    batchDelayMs: readMs(env, "OTEL_BSP_SCHEDULE_DELAY", BATCH_DELAY_MS, BATCH_DELAY_MAX_MS),
    flushBudgetMs: readMs(env, "HOPSCOPE_FLUSH_BUDGET_MS", FLUSH_BUDGET_MS, FLUSH_BUDGET_MAX_MS),
  };
}

function readSignalUrl(env: Env, signal: "TRACES" | "METRICS"): URL {
  const name = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const own = env[name];
  const url = own ? readUrl(name, own) : undefined;
  if (url) return url;
  const base =
    readUrl("OTEL_EXPORTER_OTLP_ENDPOINT", env.OTEL_EXPORTER_OTLP_ENDPOINT || DEFAULT_ENDPOINT) ??
    new URL(DEFAULT_ENDPOINT);
  base.pathname = `${base.pathname.replace(/\/+$/, "")}/v1/${signal.toLowerCase()}`;
  return base;
}

function readUrl(name: string, value: string): URL | undefined {
  try {
    const url = new URL(value.trim());
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Reported below, together with a URL of another protocol.
  }
  report(`${name} must be an http:// or https:// URL, not "${value}"; using ${DEFAULT_ENDPOINT}`);
  return undefined;
}

function readPairs(name: string, value: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of value?.split(",") ?? []) {
    if (!part.trim()) continue;
    const equals = part.indexOf("=");
    if (equals < 1) {
      report(`${name} must be key=value pairs parted by commas; "${part}" is ignored`);
      continue;
    }
    pairs[decode(part.slice(0, equals).trim())] = decode(part.slice(equals + 1).trim());
  }
  return pairs;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readMs(env: Env, name: string, fallbackMs: number, maxMs: number): number {
  const value = env[name];
  const ms = value ? Number(value) : fallbackMs;
  if (ms >= 0 && ms <= maxMs) return ms;
  report(`${name} must be milliseconds from 0 to ${maxMs}, not "${value}"`);
  return fallbackMs;
}

function readSampler(value: string | undefined): SamplerName {
  const name = value?.trim().toLowerCase();
  const names = ROOT_SAMPLERS.flatMap((root): SamplerName[] => [root, `parentbased_${root}`]);
  const known = names.find((sampler) => sampler === name);
  if (name && !known) report(`OTEL_TRACES_SAMPLER must be one of ${names.join(", ")}, not "${value}"`);
  return known ?? "parentbased_always_on";
}

function readRatio(value: string | undefined): number {
  if (!value) return 1;
  const ratio = Number(value);
  if (ratio >= 0 && ratio <= 1) return ratio;
  report(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "${value}"; every trace is kept`);
  return 1;
}
