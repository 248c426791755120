/** Spans for tests: what matters is given, the rest has a plain value. */
import type { Attributes, Span } from "../../schema/flow.ts";
import { fromMs } from "./instant.ts";

/** Milliseconds since the epoch at which tests begin. */
export const TEST_EPOCH_MS = Date.parse("2026-11-21T12:00:00Z");

/** What a test says of a span. */
export interface SpanInput {
  /** Any short text: ids are made of it. */
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly name?: string;
  readonly kind?: Span["kind"];
  readonly service?: string;
  /** Milliseconds after {@link TEST_EPOCH_MS}. */
  readonly at?: number;
  readonly ms?: number;
  readonly status?: Span["status"];
  readonly attributes?: Attributes;
  readonly resource?: Attributes;
  readonly events?: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links?: readonly { readonly trace: string; readonly id: string; readonly attributes?: Attributes }[];
}

/** 32 hex digits made of a short text. */
export function traceIdOf(text: string): string {
  return hexOf(text, 32);
}

/** 16 hex digits made of a short text. */
export function spanIdOf(text: string): string {
  return hexOf(text, 16);
}

function hexOf(text: string, length: number): string {
  return Buffer.from(text).toString("hex").padStart(length, "0").slice(-length);
}

/** The whole span. */
export function span(input: SpanInput): Span {
  const startTime = fromMs(TEST_EPOCH_MS + (input.at ?? 0));
  return {
    traceId: traceIdOf(input.trace),
    spanId: spanIdOf(input.id),
    ...(input.parent !== undefined && { parentSpanId: spanIdOf(input.parent) }),
    name: input.name ?? input.id,
    kind: input.kind ?? "internal",
    service: input.service ?? "shop",
    startTime,
    durationMs: input.ms ?? 10,
    status: input.status ?? "unset",
    statusMessage: "",
    traceState: "",
    attributes: input.attributes ?? {},
    resource: input.resource ?? {},
    scope: "",
    events: (input.events ?? []).map((event) => ({ time: startTime, ...event })),
    links: (input.links ?? []).map(({ trace, id, attributes }) => ({
      traceId: traceIdOf(trace),
      spanId: spanIdOf(id),
      traceState: "",
      attributes: attributes ?? {},
    })),
  };
}
