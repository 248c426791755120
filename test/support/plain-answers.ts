/** What the query API has to answer, said of spans in memory as its documentation says it. */
import { OLDER_DESTINATIONS } from "../../schema/older-names.ts";
import { STORE_NAMES, TABLE_NAMES } from "../../schema/attributes.ts";
import type { Attributes, AttributeValue, Span } from "../../schema/flow.ts";
import type { RandomFlow } from "./random-flows.ts";

/** Filters, as query parameters have them. */
export interface PlainFilter {
  readonly service?: string;
  readonly function?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly status?: "ok" | "error";
  readonly destination?: string;
  readonly coldStart?: boolean;
  readonly minDurationMs?: number;
  readonly maxDurationMs?: number;
  readonly minQueueWaitMs?: number;
  readonly attribute?: readonly string[];
  readonly text?: string;
}

export function functionOf({ resource, service }: Span): string {
  const name = resource["faas.name"];
  return typeof name === "string" && name !== "" ? name : service;
}

/** Whether all of the filter holds of the span. */
export function isSpanMeant(span: Span, filter: PlainFilter): boolean {
  const { status, coldStart, minDurationMs = 0, maxDurationMs = Infinity } = filter;
  return (
    holds(filter.service, (service) => span.service === service) &&
    holds(filter.function, (name) => functionOf(span) === name) &&
    holds(filter.name, (name) => span.name === name) &&
    holds(filter.kind, (kind) => span.kind === kind) &&
    holds(status, (wanted) => (span.status === "error") === (wanted === "error")) &&
    holds(filter.destination, (destination) => namesDestination(span, destination)) &&
    holds(coldStart, (wanted) => (span.attributes["faas.coldstart"] === true) === wanted) &&
    span.durationMs >= minDurationMs &&
    span.durationMs <= maxDurationMs &&
    (filter.attribute ?? []).every((given) => hasAttribute(span, given)) &&
    holds(filter.text, (text) => hasText(span, text))
  );
}

function holds<Value>(value: Value | undefined, is: (value: Value) => boolean): boolean {
  return value === undefined || is(value);
}

/** Whether all of the filter holds of the flow as a whole. */
export function isFlowMeant({ spans }: RandomFlow, filter: PlainFilter): boolean {
  const some = (is: (span: Span) => boolean) => spans.some(is);
  const runs = spans.filter(({ kind }) => kind === "server" || kind === "consumer");
  const { minDurationMs = 0, maxDurationMs = Infinity, minQueueWaitMs = 0 } = filter;
  const durationMs = Math.max(...spans.map(endMs)) - Math.min(...spans.map(startMs));
  return (
    holds(filter.service, (service) => some((span) => span.service === service)) &&
    holds(filter.function, (name) => some((span) => functionOf(span) === name)) &&
    holds(filter.status, (wanted) => runs.some(({ status }) => status === "error") === (wanted === "error")) &&
    holds(filter.destination, (destination) => some((span) => namesDestination(span, destination))) &&
    holds(filter.coldStart, (wanted) => some(({ attributes }) => attributes["faas.coldstart"] === true) === wanted) &&
    durationMs >= minDurationMs &&
    durationMs <= maxDurationMs &&
    (minQueueWaitMs === 0 || some((span) => waitMs(span) >= minQueueWaitMs)) &&
    (filter.attribute ?? []).every((given) => some((span) => hasAttribute(span, given))) &&
    holds(filter.text, (text) => some((span) => hasText(span, text)))
  );
}

export function startMs({ startTime }: Span): number {
  return Date.parse(startTime);
}

function endMs(span: Span): number {
  return startMs(span) + span.durationMs;
}

/** How long its message waited; -1 where it does not say so. */
function waitMs(span: Span): number {
  const sentMs = span.attributes["hopscope.message.sent_ms"];
  return typeof sentMs === "number" ? startMs(span) - sentMs : -1;
}

function namesDestination({ attributes }: Span, destination: string): boolean {
  const keys = ["messaging.destination.name", ...STORE_NAMES, ...OLDER_DESTINATIONS];
  const tables = attributes[TABLE_NAMES];
  return keys.some((key) => attributes[key] === destination) || (Array.isArray(tables) && tables.includes(destination));
}

function hasAttribute({ attributes, resource }: Span, given: string): boolean {
  const [key, ...rest] = given.split("=");
  return [attributes, resource].some((where) => scalarOf(where, key ?? "") === rest.join("="));
}

/** A text, number or flag as a text. */
export function scalarOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes[key];
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

function hasText({ name, statusMessage, attributes, events, resource }: Span, text: string): boolean {
  const isIn = (value: AttributeValue): boolean => {
    if (typeof value === "string") return value.toLowerCase().includes(text.toLowerCase());
    if (typeof value === "number") return /^-?[\d.]+$/.test(text) && String(value).includes(text);
    return typeof value === "object" && value !== null && Object.values(value).some(isIn);
  };
  const values = [attributes, resource, ...events.map((event) => event.attributes)].flatMap(Object.values);
  return [name, statusMessage, ...(values as AttributeValue[])].some(isIn);
}

/** The value by which a span is grouped: its own, else its resource's, else ''. */
export function groupOf(span: Span, by: string): string {
  if (by === "service") return span.service;
  if (by === "function") return functionOf(span);
  if (by === "name" || by === "kind" || by === "status") return span[by];
  return scalarOf(span.attributes, by) || (scalarOf(span.resource, by) ?? "");
}

/** How many spans have each text. */
export function countBy(spans: readonly Span[], textsOf: (span: Span) => Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const span of spans) for (const text of new Set(textsOf(span))) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
