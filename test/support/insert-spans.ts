/** Puts spans into a store the way ingestion does, without a collector round it. */
import { randomBytes } from "node:crypto";
import { toUnixNano } from "../../collector/http/otlp-export.ts";
import { otlpJsonToProtobuf } from "../../collector/ingest/otlp-json.ts";
import { SpanTranscoder } from "../../collector/ingest/transcode-spans.ts";
import type { Store } from "../../collector/store/store.ts";
import type { Attributes, AttributeValue, Span } from "../../schema/flow.ts";
import type { OtlpJson } from "./otlp-proto.ts";

/** Spans of one OTLP request. */
const spansPerRequest = 5_000;

/** Transcodes the spans and inserts them; when it resolves, every query finds them. */
export async function insertSpans(store: Store, spans: readonly Span[]): Promise<void> {
  const requests: object[] = [];
  for (let at = 0; at < spans.length; at += spansPerRequest) {
    requests.push(toOtlp(spans.slice(at, at + spansPerRequest).map(withServiceName)));
  }
  await insertOtlp(store, ...requests);
}

/** The same for requests in OTLP/JSON. */
export async function insertOtlp(store: Store, ...requests: readonly object[]): Promise<void> {
  const transcoder = new SpanTranscoder({ retentionDays: 30 });
  for (const request of requests) transcoder.transcode(otlpJsonToProtobuf(Buffer.from(JSON.stringify(request))));
  const blocks = transcoder.takeBlocks().map(({ bytes }) => bytes);
  await store.insertNative("spans", blocks, randomBytes(8).toString("hex"));
}

function withServiceName(span: Span): Span {
  return { ...span, resource: { "service.name": span.service, ...span.resource } };
}

const KINDS: readonly Span["kind"][] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES: readonly Span["status"][] = ["unset", "ok", "error"];

/** An `ExportTraceServiceRequest`, its spans grouped by resource and scope. */
function toOtlp(spans: readonly Span[]): { resourceSpans: OtlpJson[] } {
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

/** A list of `KeyValue`. */
function toKeyValues(attributes: Attributes): OtlpJson[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toAnyValue(value) }));
}

function toAnyValue(value: AttributeValue): OtlpJson {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
  return { kvlistValue: { values: toKeyValues(value) } };
}
