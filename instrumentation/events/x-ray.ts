/** AWS X-Ray's form of a span context. */
import type { SpanContext } from "@opentelemetry/api";
import { isValidIds, remoteContext } from "../core/trace-parent.ts";

/** How far from now the first eight digits of an X-Ray id may be, in seconds, to be believed to be a time. */
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
  const [, time = "", rest = ""] = /\broot=1-([0-9a-f]{8})-([0-9a-f]{24})\b/i.exec(header) ?? [];
  const [, spanId = ""] = /\bparent=([0-9a-f]{16})\b/i.exec(header) ?? [];
  const sampled = /\bsampled=1\b/i.test(header);
  if (!isValidIds(time + rest, spanId) || (!sampled && isRecent(Number.parseInt(time, 16)))) return undefined;
  return remoteContext(time + rest, spanId, sampled);
}

/** The X-Ray form of a span context, for `AWSTraceHeader`. */
export function toXray(context: SpanContext): string {
  const { traceId, spanId, traceFlags } = context;
  return `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${traceFlags & 1}`;
}

function isRecent(epochSeconds: number): boolean {
  return Math.abs(Date.now() / 1000 - epochSeconds) < XRAY_AGE_MAX_S;
}
