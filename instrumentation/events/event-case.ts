/** One row of the tables of events beside the sources. */
import type { Attributes } from "@opentelemetry/api";

/** A real-shaped event, where it is documented, and what must come of it. */
export interface EventCase {
  readonly name: string;
  /** The AWS page or public sample that the event follows. */
  readonly source: string;
  readonly event: unknown;
  /** Lambda's context, where it matters. */
  readonly caller?: object;
  readonly expected: {
    /** Name of the event source. */
    readonly by: string;
    readonly spanName: string | undefined;
    readonly kind?: "server" | "consumer";
    /** Span id of the parent; null for a root. */
    readonly parent: string | null;
    /** Span ids by record: null where a record carries none. Only for messages. */
    readonly contexts?: readonly (string | null)[];
    /** Keys on the invocation. */
    readonly keys?: readonly string[];
    /** Some of the attributes of the invocation. */
    readonly attributes?: Attributes;
  };
}

export const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
export const SPAN_ID = "00f067aa0ba902b7";
export const OTHER_SPAN_ID = "b7ad6b7169203331";
/** The context that most cases carry. */
export const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
export const OTHER_TRACEPARENT = `00-${TRACE_ID}-${OTHER_SPAN_ID}-01`;
export const base64 = (text: string): string => Buffer.from(text).toString("base64");
