/** Reads an OTLP trace request by protobufjs, from the published field numbers: a second opinion on our encoder. */
import protobuf from "protobufjs";

const PROTO = `
syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; string version = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10; repeated Event events = 11;
  uint32 dropped_events_count = 12; repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15;
  fixed32 flags = 16;
}
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Link {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; fixed32 flags = 6;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
`;
const requestType = protobuf.parse(PROTO).root.lookupType("Request");

/** An attribute's value, as JavaScript has it; 64-bit integers as numbers. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/** A span as it arrived. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty on a root span. */
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: "internal" | "server" | "client" | "producer" | "consumer";
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, Value>;
  events: { name: string; attributes: Record<string, Value> }[];
  links: { traceId: string; spanId: string; attributes: Record<string, Value> }[];
  status: { code: number; message: string };
  resource: Record<string, Value>;
  scope: string;
}

interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number;
  arrayValue?: { values?: AnyValue[] };
  kvlistValue?: { values?: KeyValue[] };
  bytesValue?: Uint8Array;
}
interface KeyValue {
  key: string;
  value?: AnyValue;
}
interface WireSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId?: Uint8Array;
  traceState?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  events?: { name: string; attributes?: KeyValue[] }[];
  links?: { traceId: Uint8Array; spanId: Uint8Array; attributes?: KeyValue[] }[];
  status?: { code?: number; message?: string };
}
interface WireRequest {
  resourceSpans?: {
    resource?: { attributes?: KeyValue[] };
    scopeSpans?: { scope?: { name?: string }; spans?: WireSpan[] }[];
  }[];
}

const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"] as const;

function toValue(value: AnyValue | undefined): Value {
  if (!value) return null;
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(toValue);
  if (value.kvlistValue) return toAttributes(value.kvlistValue.values);
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.bytesValue !== undefined) return Buffer.from(value.bytesValue).toString("base64");
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null;
}

function toAttributes(list: KeyValue[] = []): Record<string, Value> {
  return Object.fromEntries(list.map(({ key, value }) => [key, toValue(value)]));
}

const hex = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString("hex");

/** Every span of one request's body. */
export function decodeTraces(body: Buffer): ReceivedSpan[] {
  const request = requestType.toObject(requestType.decode(body), { longs: String }) as WireRequest;
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        ...toSpan(span),
        resource: toAttributes(resource?.attributes),
        scope: scope?.name ?? "",
      })),
    ),
  );
}

function toSpan(span: WireSpan): Omit<ReceivedSpan, "resource" | "scope"> {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState ?? "",
    name: span.name,
    kind: KINDS[span.kind] ?? "internal",
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    attributes: toAttributes(span.attributes),
    events: (span.events ?? []).map((event) => ({ name: event.name, attributes: toAttributes(event.attributes) })),
    links: (span.links ?? []).map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: toAttributes(link.attributes),
    })),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
  };
}
