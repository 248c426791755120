/** Filters of the flow list: what holds of a flow as a whole, and which spans lead to such flows. */
import type { Attributes, Span } from "../../schema/flow.ts";
import type { BuiltFlow } from "../flow/build-flow.ts";
import { consumerName } from "../flow/delivery.ts";
import type { SpanFilter } from "../store/queries/span-filter.ts";
import type { TimeRange } from "./time-range.ts";

export interface FlowFilter {
  readonly service?: string | undefined;
  readonly status?: "ok" | "error" | undefined;
  readonly function?: string | undefined;
  readonly destination?: string | undefined;
  readonly coldStart?: boolean | undefined;
  readonly minDurationMs?: number | undefined;
  readonly maxDurationMs?: number | undefined;
  readonly minQueueWaitMs?: number | undefined;
  readonly attribute?: readonly string[] | undefined;
  readonly text?: string | undefined;
}

/**
 * The spans to start from, where the filter names something that few flows have; each of several attributes may be
 * another span's. Undefined where the list of origins is the way.
 */
export function seedFilter({ from, to, function: name, destination, attribute, text }: FlowFilter & TimeRange) {
  const seed = attribute?.[0];
  if (seed !== undefined) return { from, to, attribute: [seed] } satisfies SpanFilter;
  if (text !== undefined) return { from, to, text } satisfies SpanFilter;
  if (destination !== undefined) return { from, to, destination } satisfies SpanFilter;
  if (name !== undefined) return { from, to, function: name } satisfies SpanFilter;
  return undefined;
}

/** Whether {@link seedFilter}'s condition holds of the span. */
export function isSeed(span: Span, { attribute, text, destination, function: name }: FlowFilter): boolean {
  const seed = attribute?.[0];
  if (seed !== undefined) return hasAttribute(span, seed);
  if (text !== undefined) return hasText(span, text);
  if (destination !== undefined) return span.attributes["messaging.destination.name"] === destination;
  return name !== undefined && consumerName(span) === name;
}

/** Whether all that the filter asks for holds of the flow. */
export function isFlowWanted({ flow, recorded }: BuiltFlow, filter: FlowFilter): boolean {
  const { service, status, coldStart, minDurationMs, maxDurationMs, minQueueWaitMs, destination, text } = filter;
  if (service !== undefined && !flow.nodes.some((node) => node.spanIds.length > 0 && node.service === service))
    return false;
  if (status !== undefined && (flow.status === "error") !== (status === "error")) return false;
  if (coldStart !== undefined && flow.stats.coldStarts > 0 !== coldStart) return false;
  if (minDurationMs !== undefined && flow.durationMs < minDurationMs) return false;
  if (maxDurationMs !== undefined && flow.durationMs > maxDurationMs) return false;
  if (minQueueWaitMs !== undefined && !flow.hops.some(({ queueWaitMs = 0 }) => queueWaitMs >= minQueueWaitMs))
    return false;
  if (
    destination !== undefined &&
    !flow.nodes.some(({ spanIds, name }) => spanIds.length === 0 && name === destination)
  )
    return false;
  if (filter.function !== undefined && !recorded.some((span) => consumerName(span) === filter.function)) return false;
  if (text !== undefined && !recorded.some((span) => hasText(span, text))) return false;
  return (filter.attribute ?? []).every((given) => recorded.some((span) => hasAttribute(span, given)));
}

function hasAttribute({ attributes, resource }: Span, given: string): boolean {
  const equals = given.indexOf("=");
  const [key, value] = [given.slice(0, equals), given.slice(equals + 1)];
  return [attributes, resource].some((where) => textOf(where, key) === value);
}

function textOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes[key];
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

/** The places that a search for free text looks at. */
function hasText({ name, statusMessage, attributes }: Span, text: string): boolean {
  const wanted = text.toLowerCase();
  const texts = [name, statusMessage, ...Object.values(attributes).filter((value) => typeof value === "string")];
  return texts.some((each) => each.toLowerCase().includes(wanted));
}
