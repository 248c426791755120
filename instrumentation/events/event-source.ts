/**
 * The contract of an event source: one small, stateless object a file, which recognises its events by their
 * shape and says what they mean. One generic runner does the rest.
 */
import type { Attributes, Span, SpanContext } from "@opentelemetry/api";
import type { RemoteContext } from "../core/trace-parent.ts";

/** An object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads one value of a carrier by its lower-case name. */
export type Getter = (name: string) => string | undefined;

/** One record of a batch: what is known of the message in it. */
export interface Message {
  /** What the handler of `traced.each` gets. */
  readonly record: unknown;
  /** The producer's span, where a context crossed the transport. */
  readonly context?: RemoteContext | undefined;
  /** `messaging.*` and `hopscope.message.*`, as on a span, a link or a span event. */
  readonly attributes: Attributes;
  /** What `batchItemFailures` calls this record; undefined where the source has no partial failures. */
  readonly itemId?: string | undefined;
  /** Records of one group are handled one after the other: FIFO message group, shard. */
  readonly group?: string | undefined;
}

/** What an event means: enough to start the span of its invocation. */
export interface Trigger {
  /** Undefined where the function's own name says it best. */
  readonly spanName: string | undefined;
  readonly kind: "server" | "consumer";
  readonly attributes: Attributes;
  /** The caller's span, for sources that are no messages. */
  readonly parent?: RemoteContext | undefined;
  /** The records, for sources that are messages. */
  readonly messages?: readonly Message[];
  /** Name of the queue, topic or stream of {@link messages}. */
  readonly destination?: string | undefined;
  /** A stream: after the first failed record the rest is delivered again, so handling stops there. */
  readonly stopsAtFailure?: boolean;
  /** Records what the handler's result says (an HTTP status) on the span. */
  readonly onResult?: (span: Span, result: unknown) => void;
  /** What to answer in place of `result`, where an answer is the way to carry the trace on (authorizers). */
  readonly answer?: (result: unknown, span: SpanContext) => unknown;
}

/** A kind of event. `matches` and `describe` may throw on a hostile event: the runner guards them. */
export interface EventSource {
  /** Whether `event` is one of this source's, by shape alone. */
  matches(event: Fields): boolean;
  /**
   * @param caller the platform's own argument beside the event: Lambda's context, or an empty object
   * @param detect says what an event inside the event means
   */
  describe(event: Fields, caller: Fields, detect: (event: unknown, caller: Fields) => Trigger): Trigger;
}

/** `value` as a string-keyed object, or undefined. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** `value` if it is a string that is not empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The first of `event.Records`, where it is an array with an object first. */
export function firstRecord(event: Fields): Record<string, unknown> | undefined {
  return asObject(recordsOf(event)[0]);
}

/** `event.Records`, or `event` itself where it is an array, as from EventBridge Pipes; else empty. */
export function recordsOf(event: Fields): readonly unknown[] {
  const records = Array.isArray(event) ? event : event.Records;
  return Array.isArray(records) ? records : [];
}

/** The object that `text` is in JSON, or undefined. */
export function parseObject(text: string | undefined): Fields | undefined {
  if (!text) return undefined;
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A whole number, given as such or as text, or undefined. */
export function asInteger(value: unknown): number | undefined {
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The last part of an ARN or URL: the name of the queue, topic, stream or function. */
export function lastPart(arnOrUrl: string | undefined): string | undefined {
  if (!arnOrUrl) return undefined;
  return arnOrUrl.slice(Math.max(arnOrUrl.lastIndexOf(":"), arnOrUrl.lastIndexOf("/")) + 1) || undefined;
}

/** The identity of a message by its id, in a list; an empty one where there is none. */
export function keyOf(system: string, id: string | undefined): string[] {
  return id ? [`${system}:${id}`] : [];
}

/** Removes members that are undefined, so that objects are ready to be attributes. */
export function defined(attributes: Record<string, string | number | boolean | string[] | undefined>): Attributes {
  const result: Attributes = {};
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined && !Number.isNaN(value)) result[key] = value;
  }
  return result;
}
