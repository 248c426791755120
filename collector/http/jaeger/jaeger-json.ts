/** Spans in the JSON of Jaeger's query API, version 1: times in microseconds, references for parents and links. */
import type { Attributes, AttributeValue, Span } from "../../../schema/flow.ts";
import type { BuiltFlow } from "../../flow/build-flow.ts";
import { toUnixNano } from "../otlp-export.ts";
import type { JaegerReference, JaegerSpan, JaegerTag, JaegerTrace } from "./jaeger-trace.ts";
import { rooted } from "./rooted.ts";

/** Tag that counts the references of a span which its own data did not hold. */
export const INBOUND_LINKS_TAG = "hopscope.inbound_links";

/** What joins the spans of a flow over the borders of traces, by the span that has no word of it. */
export type Inbound = ReadonlyMap<string, readonly JaegerReference[]>;

/** From a producer to its consumers in other traces, and back where only the message's identity joined them. */
export function inboundOf({ joins }: BuiltFlow): Inbound {
  const inbound = new Map<string, JaegerReference[]>();
  const add = (at: Span, to: Span) => {
    if (at.links.some(({ traceId, spanId }) => traceId === to.traceId && spanId === to.spanId)) return;
    const key = at.traceId + at.spanId;
    const reference = { refType: "FOLLOWS_FROM" as const, traceID: to.traceId, spanID: to.spanId };
    inbound.set(key, [...(inbound.get(key) ?? []), reference]);
  };
  for (const { from, to } of joins) {
    if (from.traceId === to.traceId) continue;
    add(from, to);
    add(to, from);
  }
  return inbound;
}

/** What is said of a trace beside its spans. */
export interface AboutTrace {
  readonly inbound?: Inbound;
  readonly warnings?: readonly string[];
}

/** One trace. */
export function toJaegerTrace(
  traceId: string,
  spans: readonly Span[],
  { inbound = new Map(), warnings = [] }: AboutTrace = {},
): JaegerTrace {
  const processes: JaegerTrace["processes"] = {};
  const processIds = new Map<string, string>();
  const processOf = ({ service, resource }: Span) => {
    const { "service.name": _service, ...rest } = resource;
    const key = JSON.stringify([service, rest]);
    const id = processIds.get(key) ?? `p${String(processIds.size + 1)}`;
    if (!processIds.has(key)) {
      processIds.set(key, id);
      processes[id] = { serviceName: service, tags: toTags(rest) };
    }
    return id;
  };
  const converted = spans.map((span) =>
    toJaegerSpan(span, processOf(span), inbound.get(span.traceId + span.spanId) ?? []),
  );
  return { traceID: traceId, spans: rooted(converted), processes, warnings: warnings.length > 0 ? warnings : null };
}

function toJaegerSpan(span: Span, processID: string, inbound: readonly JaegerReference[]): JaegerSpan {
  const parent = span.parentSpanId;
  const isParent = (spanId: string) => spanId === parent;
  const links = span.links.filter(({ traceId, spanId }) => !(traceId === span.traceId && isParent(spanId)));
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    operationName: span.name,
    references: [
      ...(parent === undefined ? [] : [{ refType: "CHILD_OF" as const, traceID: span.traceId, spanID: parent }]),
      ...links.map(({ traceId, spanId }) => ({ refType: "FOLLOWS_FROM" as const, traceID: traceId, spanID: spanId })),
      ...inbound,
    ],
    startTime: micros(span.startTime),
    duration: Math.round(span.durationMs * 1000),
    tags: [...toTags(span.attributes), ...ownTags(span, inbound.length)],
    logs: span.events.map(({ time, name, attributes }) => ({
      timestamp: micros(time),
      fields: [{ key: "event", type: "string", value: name }, ...toTags(attributes)],
    })),
    processID,
    warnings: null,
  };
}

function ownTags({ kind, status, statusMessage, scope, traceState }: Span, inbound: number): JaegerTag[] {
  const tags: JaegerTag[] = [];
  const text = (key: string, value: string) => value !== "" && tags.push({ key, type: "string", value });
  if (kind !== "unspecified") text("span.kind", kind);
  if (status !== "unset") text("otel.status_code", status.toUpperCase());
  if (status === "error") tags.push({ key: "error", type: "bool", value: true });
  text("otel.status_description", statusMessage);
  text("otel.scope.name", scope);
  text("w3c.tracestate", traceState);
  if (inbound > 0) tags.push({ key: INBOUND_LINKS_TAG, type: "int64", value: inbound });
  return tags;
}

function toTags(attributes: Attributes): JaegerTag[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, ...typed(value) }));
}

function typed(value: AttributeValue): Pick<JaegerTag, "type" | "value"> {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value === "number") return { type: Number.isInteger(value) ? "int64" : "float64", value };
  return { type: "string", value: JSON.stringify(value) };
}

function micros(instant: string): number {
  return Number(toUnixNano(instant) / 1000n);
}
