/**
 * Spans as an OTLP `ExportTraceServiceRequest` in protobuf. Field numbers are those of
 * opentelemetry-proto 1.x, `trace/v1/trace.proto` and `common/v1/common.proto`.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto
 */
import type { Attributes, Link } from "@opentelemetry/api";
import { ATTRIBUTE_CHARS_MAX, ATTRIBUTE_DEPTH_MAX, ATTRIBUTES_MAX } from "./limits.ts";
import { ProtobufWriter } from "./protobuf.ts";
import type { RecordedSpan, Scope, SpanEventData } from "./span.ts";

/** First size of a request's buffer, in bytes: most invocations fit. */
const REQUEST_BYTES = 8_192;
/** `SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `..._IS_REMOTE_MASK`. */
const FLAG_HAS_IS_REMOTE = 0x100;
const FLAG_IS_REMOTE = 0x200;

/** One export request with every span in `spans`. */
export function encodeTraces(resource: Attributes, spans: readonly RecordedSpan[]): Buffer {
  const out = new ProtobufWriter(REQUEST_BYTES);
  const scopes = new Map<string, { scope: Scope; spans: RecordedSpan[] }>();
  for (const span of spans) {
    const key = `${span.scope.name}@${span.scope.version}`;
    const group = scopes.get(key);
    if (group) group.spans.push(span);
    else scopes.set(key, { scope: span.scope, spans: [span] });
  }
  out.message(1, () => {
    writeResource(out, resource);
    for (const group of scopes.values()) {
      out.message(2, () => {
        out.message(1, () => {
          out.stringField(1, group.scope.name);
          if (group.scope.version) out.stringField(2, group.scope.version);
        });
        for (const span of group.spans) out.message(2, () => writeSpan(out, span));
      });
    }
  });
  return out.finish();
}

/** Field 1 of resource spans and resource metrics. */
export function writeResource(out: ProtobufWriter, resource: Attributes): void {
  out.message(1, () => writeAttributes(out, 1, resource));
}

function writeSpan(out: ProtobufWriter, span: RecordedSpan): void {
  const { traceId, spanId, traceFlags, traceState } = span.context;
  out.hexField(1, traceId);
  out.hexField(2, spanId);
  const state = traceState?.serialize();
  if (state) out.stringField(3, state);
  if (span.parentSpanId) out.hexField(4, span.parentSpanId);
  out.stringField(5, span.name);
  out.varintField(6, span.kind + 1);
  out.fixed64Field(7, toNs(span.startMs));
  out.fixed64Field(8, toNs(span.endMs));
  writeAttributes(out, 9, span.attributes);
  if (span.droppedAttributes) out.varintField(10, span.droppedAttributes);
  for (const event of span.events) out.message(11, () => writeEvent(out, event));
  if (span.droppedEvents) out.varintField(12, span.droppedEvents);
  for (const link of span.links) out.message(13, () => writeLink(out, link));
  if (span.droppedLinks) out.varintField(14, span.droppedLinks);
  if (span.status.code || span.status.message) {
    out.message(15, () => {
      if (span.status.message) out.stringField(2, clip(span.status.message));
      out.varintField(3, span.status.code);
    });
  }
  out.fixed32Field(16, traceFlags | FLAG_HAS_IS_REMOTE);
}

function writeEvent(out: ProtobufWriter, event: SpanEventData): void {
  out.fixed64Field(1, toNs(event.timeMs));
  out.stringField(2, event.name);
  writeAttributes(out, 3, event.attributes);
}

function writeLink(out: ProtobufWriter, link: Link): void {
  const { traceId, spanId, traceFlags, traceState, isRemote } = link.context;
  out.hexField(1, traceId);
  out.hexField(2, spanId);
  const state = traceState?.serialize();
  if (state) out.stringField(3, state);
  if (link.attributes) writeAttributes(out, 4, link.attributes);
  out.fixed32Field(6, traceFlags | FLAG_HAS_IS_REMOTE | (isRemote ? FLAG_IS_REMOTE : 0));
}

/** `attributes` as repeated `KeyValue`s of `field`. */
export function writeAttributes(out: ProtobufWriter, field: number, attributes: Attributes): void {
  let count = 0;
  for (const key in attributes) {
    const value: unknown = attributes[key];
    if (value === undefined || count++ >= ATTRIBUTES_MAX) continue;
    out.message(field, () => {
      out.stringField(1, key);
      out.message(2, () => writeValue(out, value, 0));
    });
  }
}

function writeValue(out: ProtobufWriter, value: unknown, depth: number): void {
  if (typeof value === "string") out.stringField(1, clip(value));
  else if (typeof value === "boolean") out.varintField(2, value ? 1 : 0);
  else if (typeof value === "bigint") out.int64Field(3, value);
  else if (typeof value === "number") writeNumber(out, value);
  else if (value instanceof Uint8Array) out.bytesField(7, value);
  else if (Array.isArray(value) && depth < ATTRIBUTE_DEPTH_MAX) {
    out.message(5, () => {
      for (const item of value) out.message(1, () => writeValue(out, item, depth + 1));
    });
  } else if (typeof value === "object" && value !== null && depth < ATTRIBUTE_DEPTH_MAX) {
    out.message(6, () => {
      for (const [key, item] of Object.entries(value).slice(0, ATTRIBUTES_MAX)) {
        out.message(1, () => {
          out.stringField(1, key);
          out.message(2, () => writeValue(out, item, depth + 1));
        });
      }
    });
  }
}

function writeNumber(out: ProtobufWriter, value: number): void {
  if (!Number.isSafeInteger(value)) out.doubleField(4, value);
  else if (value >= 0) out.varintField(3, value);
  else out.int64Field(3, BigInt(value));
}

function clip(text: string): string {
  return text.length > ATTRIBUTE_CHARS_MAX ? text.slice(0, ATTRIBUTE_CHARS_MAX) : text;
}

/** Milliseconds since the epoch as nanoseconds. */
export function toNs(ms: number): bigint {
  const seconds = Math.floor(ms / 1e3);
  return BigInt(seconds) * 1_000_000_000n + BigInt(Math.round((ms - seconds * 1e3) * 1e6));
}
