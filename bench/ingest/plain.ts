/**
 * The usual way: objects out of protobufjs, and the table of the OpenTelemetry Collector's ClickHouse exporter.
 *
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/clickhouseexporter
 */
import { otlpType } from "../../test/support/otlp-proto.ts";

export const EXPORTER_DDL: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS otel_traces (
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1
  ) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
  ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
  TTL toDateTime(Timestamp) + toIntervalDay(30)
  SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`,
  `CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
    TraceId String CODEC(ZSTD(1)), Start DateTime CODEC(Delta, ZSTD(1)), End DateTime CODEC(Delta, ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1
  ) ENGINE = MergeTree PARTITION BY toDate(Start) ORDER BY (TraceId, Start) TTL toDateTime(Start) + toIntervalDay(30)
  SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`,
  `CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
   SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM otel_traces WHERE TraceId != '' GROUP BY TraceId`,
];

const KINDS = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];
const STATUS = ["Unset", "Ok", "Error"];

interface PlainValue {
  stringValue?: string;
  intValue?: { toString(): string };
  boolValue?: boolean;
  doubleValue?: number;
}
interface PlainAttribute {
  key: string;
  value?: PlainValue;
}
interface PlainSpan {
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId: Buffer;
  traceState: string;
  name: string;
  kind: number;
  startTimeUnixNano: { toString(): string };
  endTimeUnixNano: { toString(): string };
  attributes: PlainAttribute[];
  status?: { code: number; message: string };
}
interface PlainRequest {
  resourceSpans: {
    resource: { attributes: PlainAttribute[] };
    scopeSpans: { scope: { name: string; version: string }; spans: PlainSpan[] }[];
  }[];
}

const request = otlpType("ExportTraceServiceRequest");

/** Rows of `otel_traces` out of a request. */
export function* plainRows(body: Buffer): Generator<object> {
  const { resourceSpans } = request.decode(body) as unknown as PlainRequest;
  for (const { resource, scopeSpans } of resourceSpans) {
    const resourceAttributes = textMap(resource.attributes);
    for (const { scope, spans } of scopeSpans) {
      for (const span of spans) {
        const start = BigInt(span.startTimeUnixNano.toString());
        yield {
          Timestamp: `${String(start / 1_000_000_000n)}.${String(start % 1_000_000_000n).padStart(9, "0")}`,
          TraceId: span.traceId.toString("hex"),
          SpanId: span.spanId.toString("hex"),
          ParentSpanId: span.parentSpanId.toString("hex"),
          TraceState: span.traceState,
          SpanName: span.name,
          SpanKind: KINDS[span.kind],
          ServiceName: resourceAttributes["service.name"],
          ResourceAttributes: resourceAttributes,
          ScopeName: scope.name,
          ScopeVersion: scope.version,
          SpanAttributes: textMap(span.attributes),
          Duration: String(BigInt(span.endTimeUnixNano.toString()) - start),
          StatusCode: STATUS[span.status?.code ?? 0],
          StatusMessage: span.status?.message ?? "",
        };
      }
    }
  }
}

function textMap(attributes: readonly PlainAttribute[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (const { key, value } of attributes) {
    map[key] = value?.stringValue ?? String(value?.intValue ?? value?.boolValue ?? value?.doubleValue ?? "");
  }
  return map;
}
