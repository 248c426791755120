/** Contexts that other tracers put into headers and message attributes, so that a mixed estate still joins. */
import type { SpanContext } from "@opentelemetry/api";
import { isValidIds, remoteContext } from "../core/trace-parent.ts";
import { asObject, type Getter } from "./event-source.ts";

/** The context that another tracer left in a carrier, or undefined. */
export function foreignContext(get: Getter): SpanContext | undefined {
  return datadog(get) ?? datadogJson(get("_datadog")) ?? b3(get) ?? sentry(get("sentry-trace"));
}

/** @see https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/ */
function datadog(get: Getter): SpanContext | undefined {
  const low = decimalToHex(get("x-datadog-trace-id"));
  const spanId = decimalToHex(get("x-datadog-parent-id"));
  if (!low || !spanId) return undefined;
  const high = /(?:^|,)_dd\.p\.tid=([0-9a-f]{16})(?:,|$)/.exec(get("x-datadog-tags") ?? "")?.[1] ?? "0".repeat(16);
  if (!isValidIds(high + low, spanId)) return undefined;
  return remoteContext(high + low, spanId, Number(get("x-datadog-sampling-priority") ?? 1) > 0);
}

function datadogJson(text: string | undefined): SpanContext | undefined {
  if (!text?.startsWith("{")) return undefined;
  try {
    const carrier = asObject(JSON.parse(text)) ?? {};
    return datadog((name) => (typeof carrier[name] === "string" ? carrier[name] : undefined));
  } catch {
    return undefined;
  }
}

function decimalToHex(decimal: string | undefined): string | undefined {
  if (!decimal || !/^\d{1,20}$/.test(decimal)) return undefined;
  return BigInt.asUintN(64, BigInt(decimal)).toString(16).padStart(16, "0");
}

/** @see https://github.com/openzipkin/b3-propagation */
function b3(get: Getter): SpanContext | undefined {
  const single = get("b3");
  const [traceId, spanId, sampled] = single
    ? single.split("-")
    : [get("x-b3-traceid"), get("x-b3-spanid"), get("x-b3-flags") === "1" ? "d" : get("x-b3-sampled")];
  const longId = traceId?.padStart(32, "0") ?? "";
  if (!isValidIds(longId, spanId ?? "")) return undefined;
  return remoteContext(longId, spanId ?? "", sampled !== "0" && sampled !== "false");
}

/** @see https://develop.sentry.dev/sdk/foundations/trace-propagation/ */
function sentry(header: string | undefined): SpanContext | undefined {
  const match = /^([0-9a-f]{32})-([0-9a-f]{16})(?:-([01]))?$/.exec(header?.trim() ?? "");
  const [, traceId = "", spanId = "", sampled] = match ?? [];
  return isValidIds(traceId, spanId) ? remoteContext(traceId, spanId, sampled !== "0") : undefined;
}
