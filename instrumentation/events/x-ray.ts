/** AWS X-Ray's form of a span context. */
import type { SpanContext } from "@opentelemetry/api";
import { isValidIds, remoteContext } from "../core/trace-parent.ts";

/** Age of an X-Ray id, in seconds, up to which its first eight digits are believed to be a time. */
const XRAY_AGE_MAX_S = 30 * 86_400;

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
