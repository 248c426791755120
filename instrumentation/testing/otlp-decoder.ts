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
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; fixed32 flags = 6; }
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

/* eslint-disable @typescript-eslint/no-explicit-any -- protobufjs answers untyped objects */
const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"] as const;

function toValue(any: any): Value {
  if (!any) return null;
  if (any.arrayValue) return (any.arrayValue.values ?? []).map(toValue);
  if (any.kvlistValue) return toAttributes(any.kvlistValue.values);
  if (any.intValue !== undefined) return Number(any.intValue);
  if (any.bytesValue !== undefined) return Buffer.from(any.bytesValue).toString("base64");
  return any.stringValue ?? any.boolValue ?? any.doubleValue ?? null;
}

function toAttributes(list: any[] = []): Record<string, Value> {
  return Object.fromEntries(list.map(({ key, value }) => [key, toValue(value)]));
}

const hex = (bytes?: Uint8Array): string => Buffer.from(bytes ?? []).toString("hex");

/** Every span of one request's body. */
export function decodeTraces(body: Buffer): ReceivedSpan[] {
  const request = requestType.toObject(requestType.decode(body), { longs: String }) as any;
  return (request.resourceSpans ?? []).flatMap((resourceSpans: any) =>
    (resourceSpans.scopeSpans ?? []).flatMap((scopeSpans: any) =>
      (scopeSpans.spans ?? []).map((span: any): ReceivedSpan => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        traceState: span.traceState ?? "",
        name: span.name,
        kind: KINDS[span.kind as number] ?? "internal",
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        attributes: toAttributes(span.attributes),
        events: (span.events ?? []).map((e: any) => ({ name: e.name, attributes: toAttributes(e.attributes) })),
        links: (span.links ?? []).map((l: any) => ({
          traceId: hex(l.traceId),
          spanId: hex(l.spanId),
          attributes: toAttributes(l.attributes),
        })),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
        resource: toAttributes(resourceSpans.resource?.attributes),
        scope: scopeSpans.scope?.name ?? "",
      })),
    ),
  );
}
