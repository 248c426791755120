/** Filters of the flow list: what holds of a flow as a whole, and which spans lead to such flows. */
import * as names from "../../schema/attributes.ts";
import type { Attributes, AttributeValue, Span } from "../../schema/flow.ts";
import { OLDER_DESTINATIONS } from "../../schema/older-names.ts";
import type { BuiltFlow } from "../flow/build-flow.ts";
import { number, texts } from "../flow/attribute-readers.ts";
import { consumerName } from "../flow/delivery.ts";
import { toMs } from "../flow/instant.ts";
import { isPartOfNumber } from "../store/queries/free-text.ts";
import type { SpanFilter } from "../store/queries/span-filter.ts";

/**
 * What has to hold of a flow for it to be listed, all of it; durations and waits in milliseconds, `attribute` as
 * `key=value`.
 */
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
 * Parts of a flow's duration, one of which a span has to have lasted, or its message waited and it lasted, for the flow
 * to be found by it: each function after a queue is one part more.
 */
const DURATION_PARTS = 4;

/** A condition on single spans that some span of every wanted flow meets. */
export interface Seed {
  /** Stands for it in a cursor. */
  readonly name: string;
  readonly filter: Omit<SpanFilter, "from" | "to">;
  /** Whether few flows have such spans as a rule: then it is the way to them, however many there are. */
  readonly isNarrow: boolean;
  /**
   * There where a wanted flow may have no such span: spans are looked for by one of so many parts of what is asked,
   * by their own word.
   */
  readonly parts?: number;
  matches(span: Span): boolean;
}

/** The conditions by which flows can be found from their spans, the narrowest as a rule first. */
export function seedsOf(filter: FlowFilter): Seed[] {
  const { service, status, function: name, destination, coldStart, attribute = [], text } = filter;
  const seeds: Seed[] = attribute.map((given, at) => ({
    name: `attribute${String(at)}`,
    filter: { attribute: [given] },
    isNarrow: true,
    matches: (span) => hasAttribute(span, given),
  }));
  const add = (seed: Seed) => seeds.push(seed);
  if (text !== undefined)
    add({ name: "text", filter: { text }, isNarrow: true, matches: (span) => hasText(span, text) });
  if (destination !== undefined) {
    const matches = (span: Span) => namesDestination(span, destination);
    add({ name: "destination", filter: { destination }, isNarrow: true, matches });
  }
  if (name !== undefined) {
    const matches = (span: Span) => consumerName(span) === name;
    add({ name: "function", filter: { function: name }, isNarrow: true, matches });
  }
  if (service !== undefined)
    add({ name: "service", filter: { service }, isNarrow: false, matches: (span) => span.service === service });
  if (status === "error") add({ name: "failed", filter: { failed: true }, isNarrow: false, matches: mayHaveFailed });
  if (coldStart === true) {
    const matches = ({ attributes }: Span) => attributes[names.FAAS_COLDSTART] === true;
    add({ name: "coldStart", filter: { coldStart }, isNarrow: false, matches });
  }
  if (filter.minQueueWaitMs !== undefined) add(waitSeed(filter.minQueueWaitMs));
  if (filter.minDurationMs !== undefined) add(durationSeed(filter.minDurationMs / DURATION_PARTS));
  return seeds;
}

/** The same as the store's condition `minWaitMs`. */
function waitSeed(minWaitMs: number): Seed {
  const matches = (span: Span) => {
    const startMs = Math.floor(toMs(span.startTime));
    return [span, ...span.links, ...span.events].some((each) => startMs - sentMsOf(each) >= minWaitMs);
  };
  return { name: "wait", filter: { minWaitMs }, isNarrow: false, parts: 1, matches };
}

/** The same as the store's condition `minPartMs`. */
function durationSeed(minPartMs: number): Seed {
  const matches = (span: Span) => {
    const { startTime, durationMs } = span;
    const endMs = Math.floor(toMs(startTime)) + Math.floor(durationMs);
    return Math.round(durationMs * 1e6) >= Math.round(minPartMs * 1e6) || endMs - sentMsOf(span) >= minPartMs;
  };
  return { name: "duration", filter: { minPartMs }, isNarrow: false, parts: DURATION_PARTS, matches };
}

/** When its message was sent, milliseconds since the epoch; where it does not say so, after everything. */
function sentMsOf({ attributes }: { readonly attributes: Attributes }): number {
  return number(attributes, names.MESSAGE_SENT_MS) || Infinity;
}

/** The same as the store's condition for `failed`. */
function mayHaveFailed({ status, attributes, links, events }: Span): boolean {
  if (status === "error" || attributes[names.TIMED_OUT] === true) return true;
  return [{ attributes }, ...links, ...events].some((each) => each.attributes[names.MESSAGE_RETURNED] !== undefined);
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
    !flow.nodes.some(({ spanIds, name }) => spanIds.length === 0 && name === destination) &&
    !recorded.some((span) => namesDestination(span, destination))
  )
    return false;
  if (filter.function !== undefined && !recorded.some((span) => consumerName(span) === filter.function)) return false;
  if (text !== undefined && !recorded.some((span) => hasText(span, text))) return false;
  return (filter.attribute ?? []).every((given) => recorded.some((span) => hasAttribute(span, given)));
}

const DESTINATION_NAMES = [names.MESSAGING_DESTINATION_NAME, ...names.STORE_NAMES, ...OLDER_DESTINATIONS];

/** The same as the store's condition `destination`. */
function namesDestination({ attributes }: Span, destination: string): boolean {
  const isNamed = DESTINATION_NAMES.some((key) => attributes[key] === destination);
  return isNamed || texts(attributes, names.TABLE_NAMES).includes(destination);
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

/** The same as the store's condition `text`. */
function hasText({ name, statusMessage, attributes, events, resource }: Span, text: string): boolean {
  const inNumber = isPartOfNumber(text) ? text : undefined;
  const looked = { lowerCase: text.toLowerCase(), inNumber };
  const values = [attributes, resource, ...events.map((event) => event.attributes)].flatMap(Object.values);
  return [name, statusMessage, ...(values as AttributeValue[])].some((value) => isInside(value, looked));
}

interface Looked {
  readonly lowerCase: string;
  /** The text, where a number can have it. */
  readonly inNumber: string | undefined;
}

function isInside(value: AttributeValue, looked: Looked): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(looked.lowerCase);
  if (typeof value === "number") return looked.inNumber !== undefined && String(value).includes(looked.inNumber);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((each) => isInside(each, looked));
}
