import type { SpanContext } from "@opentelemetry/api";
import { parseTraceState } from "./trace-state.ts";

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZERO_TRACE = "0".repeat(32);
const ZERO_SPAN = "0".repeat(16);

/** Whether both ids are well-formed and not all zero. */
export function isValidContext(context: SpanContext): boolean {
  return isValidIds(context.traceId, context.spanId);
}

/** Whether both ids are lower-case hex of the right length and not all zero. */
export function isValidIds(traceId: string, spanId: string): boolean {
  return /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId) && traceId !== ZERO_TRACE && spanId !== ZERO_SPAN;
}

/** The span context of a W3C `traceparent` (any version but ff) and `tracestate`; undefined where malformed. */
export function parseTraceParent(
  traceParent: string | undefined,
  traceState?: string,
  baggage?: string,
): RemoteContext | undefined {
  const match = TRACEPARENT.exec(traceParent?.trim() ?? "");
  if (!match) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined;
  return { ...remoteContext(traceId, spanId, (Number.parseInt(flags, 16) & 1) === 1, traceState), baggage };
}

/** A span context that came from another process, and the `baggage` header beside it. */
export interface RemoteContext extends SpanContext {
  readonly baggage?: string | undefined;
}

/** A span context that came from another process. */
export function remoteContext(traceId: string, spanId: string, sampled: boolean, traceState?: string): SpanContext {
  const state = parseTraceState(traceState);
  return { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true, ...(state && { traceState: state }) };
}

/** W3C `traceparent`, version 00. */
export function formatTraceParent(context: SpanContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags & 1 ? "01" : "00"}`;
}
