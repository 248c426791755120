/** The same as {@link readMetrics} out of OTLP/JSON. */
import { malformed } from "./errors.ts";
import type { Metric, MetricsRequest, PlainValue, ScopeMetrics, SumPoint } from "./otlp-metrics.ts";

type Json = Readonly<Record<string, unknown>>;

/** Kinds of data that a metric may have. */
const DATA = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;

/**
 * Reads an `ExportMetricsServiceRequest` in OTLP/JSON.
 *
 * @throws OtlpError 400 where it is no JSON, or a member is of a wrong type
 */
export function readMetricsJson(body: Uint8Array, scopeName: string): MetricsRequest {
  const wanted: ScopeMetrics[] = [];
  let otherPoints = 0;
  for (const resourceMetrics of objects(parse(body), "resourceMetrics")) {
    const resource = attributesOf(object(resourceMetrics["resource"], "resource"));
    for (const scopeMetrics of objects(resourceMetrics, "scopeMetrics")) {
      const metrics = objects(scopeMetrics, "metrics").map(readMetric);
      if (object(scopeMetrics["scope"], "scope")["name"] === scopeName) wanted.push({ resource, metrics });
      else for (const { points } of metrics) otherPoints += points;
    }
  }
  return { wanted, otherPoints };
}

function parse(body: Uint8Array): Json {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return object(JSON.parse(text) as unknown, "request");
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw malformed(`body is not JSON: ${error.message}`, error);
  }
}

function readMetric(metric: Json): Metric {
  const points = DATA.flatMap((kind) => objects(object(metric[kind], kind), "dataPoints"));
  const sum = object(metric["sum"], "sum");
  const isSum = metric["sum"] !== undefined && metric["sum"] !== null;
  return {
    name: text(metric["name"]) ?? "",
    points: points.length,
    sum: isSum
      ? { temporality: integer(sum["aggregationTemporality"]) ?? 0, points: objects(sum, "dataPoints").map(readPoint) }
      : undefined,
  };
}

function readPoint(point: Json): SumPoint {
  return {
    timeNs: integer(point["timeUnixNano"]) ?? 0,
    value: integer(point["asInt"]),
    attributes: attributesOf(point),
  };
}

function attributesOf(holder: Json): Map<string, PlainValue> {
  const attributes = new Map<string, PlainValue>();
  for (const { key, value } of objects(holder, "attributes")) {
    const { stringValue, boolValue } = object(value, "value");
    const plain = text(stringValue) ?? (typeof boolValue === "boolean" ? boolValue : undefined);
    if (typeof key === "string") attributes.set(key, plain);
  }
  return attributes;
}

/** A text that is one in UTF-8, too: JSON can write half of a surrogate pair. */
function text(value: unknown): string | undefined {
  return typeof value === "string" ? Buffer.from(value).toString() : undefined;
}

/** 64-bit integers are strings or numbers. */
function integer(value: unknown): number | undefined {
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return Number(value);
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

/** The objects of a list that may be absent. */
function objects(holder: Json, name: string): Json[] {
  const list = holder[name];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw malformed(`${name} must be an array`);
  return list.map((item: unknown) => object(item, name));
}

/** An object; an empty one where it is absent. */
function object(value: unknown, name: string): Json {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Json;
  throw malformed(`${name} must be an object`);
}
