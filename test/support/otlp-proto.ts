/**
 * OTLP's trace messages, and of those of metrics what there is use for, written down here a second time, from the
 * specification and not from the collector's code: what the tests encode requests with, and what they walk to know
 * that nothing was forgotten.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto (v1.9.0: trace, resource, common)
 */
import protobuf from "protobufjs";

const PROTO = `
syntax = "proto3";
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource {
  repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; repeated EntityRef entity_refs = 3;
}
message EntityRef {
  string schema_url = 1; string type = 2; repeated string id_keys = 3; repeated string description_keys = 4;
}
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ExportMetricsServiceResponse { ExportMetricsPartialSuccess partial_success = 1; }
message ExportMetricsPartialSuccess { int64 rejected_data_points = 1; string error_message = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message Metric {
  string name = 1; string description = 2; string unit = 3;
  oneof data { Gauge gauge = 5; Sum sum = 7; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message NumberDataPoint {
  repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
}
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
  repeated Event events = 11; uint32 dropped_events_count = 12;
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
}
message Event {
  fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Link {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message RpcStatus { int32 code = 1; string message = 2; repeated RpcAny details = 3; }
message RpcAny { string type_url = 1; bytes value = 2; }
`;

const { root } = protobuf.parse(PROTO);

/** An OTLP message in the shape of OTLP/JSON: hex ids, base64 bytes, 64-bit integers as strings. */
export type OtlpJson = Record<string, unknown>;

/** The named message's type. */
export function otlpType(name: string): protobuf.Type {
  return root.lookupType(name).resolveAll() as protobuf.Type;
}

/** Protobuf bytes of a message given in the shape of OTLP/JSON. */
export function encodeOtlp(name: string, json: OtlpJson): Buffer {
  const type = otlpType(name);
  return Buffer.from(type.encode(type.fromObject(toProtobufjs(type, json))).finish());
}

/** A message in the shape of OTLP/JSON out of its protobuf bytes; absent fields are left out. */
export function decodeOtlp(name: string, bytes: Uint8Array): OtlpJson {
  const type = otlpType(name);
  return type.toObject(type.decode(bytes), { longs: String, bytes: String });
}

/** Whether a bytes field holds an id, which OTLP/JSON writes in hex. */
export function isIdField(field: protobuf.Field): boolean {
  return field.type === "bytes" && /Id$/.test(field.name);
}

function toProtobufjs(type: protobuf.Type, json: OtlpJson): OtlpJson {
  const message: OtlpJson = {};
  for (const field of type.fieldsArray) {
    const value = json[field.name];
    if (value === undefined) continue;
    message[field.name] = Array.isArray(value) ? value.map((item) => member(field, item)) : member(field, value);
  }
  return message;
}

function member(field: protobuf.Field, value: unknown): unknown {
  field.resolve();
  if (field.resolvedType instanceof protobuf.Type) return toProtobufjs(field.resolvedType, value as OtlpJson);
  if (field.type === "bytes") return Buffer.from(value as string, isIdField(field) ? "hex" : "base64");
  return value;
}
