/**
 * Spans as OTLP/JSON, to take a flow elsewhere or back in.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type { Attributes, AttributeValue, Span } from "../../schema/flow.ts";

/** An OTLP/JSON message. */
export type OtlpJson = Record<string, unknown>;

const KINDS: readonly Span["kind"][] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly Span["status"][] = ["unset", "ok", "error"];

/** An `ExportTraceServiceRequest`, its spans grouped by resource and scope. */
export function toOtlp(spans: readonly Span[]): { resourceSpans: OtlpJson[] } {
  const groups = new Map<string, { resource: OtlpJson; scopes: Map<string, OtlpJson[]> }>();
  for (const span of spans) {
    const resource = { attributes: toKeyValues(span.resource) };
    const key = JSON.stringify(resource);
    const group = groups.get(key) ?? { resource, scopes: new Map<string, OtlpJson[]>() };
    groups.set(key, group);
    const scope = group.scopes.get(span.scope) ?? [];
    group.scopes.set(span.scope, scope);
    scope.push(toOtlpSpan(span));
  }
  const resourceSpans = [...groups.values()].map(({ resource, scopes }) => ({
    resource,
    scopeSpans: [...scopes].map(([name, members]) => ({ scope: { name }, spans: members })),
  }));
  return { resourceSpans };
}

function toOtlpSpan(span: Span): OtlpJson {
  const startNs = toUnixNano(span.startTime);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KINDS.indexOf(span.kind),
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + BigInt(Math.round(span.durationMs * 1e6))),
    attributes: toKeyValues(span.attributes),
    events: span.events.map(({ time, name, attributes }) => ({
      timeUnixNano: String(toUnixNano(time)),
      name,
      attributes: toKeyValues(attributes),
    })),
    links: span.links.map(({ attributes, ...link }) => ({ ...link, attributes: toKeyValues(attributes) })),
    status: { code: STATUSES.indexOf(span.status), message: span.statusMessage },
  };
}

/** Nanoseconds since the epoch. */
export function toUnixNano(instant: string): bigint {
  return BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1_000_000n + BigInt(instant.slice(20, 29));
}

/** A list of `KeyValue`. */
function toKeyValues(attributes: Attributes): OtlpJson[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toAnyValue(value) }));
}

function toAnyValue(value: AttributeValue): OtlpJson {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
  return { kvlistValue: { values: toKeyValues(value) } };
}
