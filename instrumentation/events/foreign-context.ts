/** Contexts that other tracers put into headers and message attributes, so that a mixed estate still joins. */
import type { SpanContext } from "@opentelemetry/api";
import { isValidIds, remoteContext } from "../core/trace-parent.ts";
import { asObject, type Getter } from "./event-source.ts";

/** Names under which other tracers may leave their context in message attributes. */
export const FOREIGN_NAMES = ["_datadog", "b3", "sentry-trace", "X-Amzn-Trace-Id"] as const;

/** Age of an X-Ray id, in seconds, up to which its first eight digits are believed to be a time. */
const XRAY_AGE_MAX_S = 30 * 86_400;

/** The context that another tracer left in a carrier, or undefined. */
export function foreignContext(get: Getter): SpanContext | undefined {
  return datadog(get) ?? datadogJson(get("_datadog")) ?? b3(get) ?? sentry(get("sentry-trace")) ?? xray(get("x-amzn-trace-id"));
}

/**
 * AWS X-Ray's tracing header, `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=1`: in it a W3C trace id fits
 * without loss. Lambda puts its own there too, for segments that reach X-Ray alone: where X-Ray does not even
 * sample them, nothing could ever be joined to that parent, so it is left out.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function xray(header: string | undefined): SpanContext | undefined {
  if (!header) return undefined;
  const parts: Record<string, string> = {};
  for (const part of header.split(";")) {
    const [key = "", value = ""] = part.split("=");
    parts[key.trim().toLowerCase()] = value.trim();
  }
  const match = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/.exec(parts.root ?? "");
  const spanId = parts.parent ?? "";
  if (!match || !isValidIds(`${match[1]}${match[2]}`, spanId)) return undefined;
  const sampled = parts.sampled === "1";
  if (!sampled && isRecent(Number.parseInt(match[1] ?? "", 16))) return undefined;
  return remoteContext(`${match[1]}${match[2]}`, spanId, sampled);
}

/** The X-Ray form of a span context, for `AWSTraceHeader`. */
export function toXray(context: SpanContext): string {
  const { traceId, spanId, traceFlags } = context;
  return `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${traceFlags & 1}`;
}

function isRecent(epochSeconds: number): boolean {
  const age = Date.now() / 1000 - epochSeconds;
  return age > -86_400 && age < XRAY_AGE_MAX_S;
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
