import type {
  Attributes,
  AttributeValue,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanStatus,
  TimeInput,
} from "@opentelemetry/api";
import { ERROR_TYPE, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE } from "@hopscope/schema/attributes";
import { nowMs, toMs } from "./clock.ts";
import { ATTRIBUTES_MAX, EVENTS_MAX, LINKS_MAX } from "./limits.ts";

/** Span kinds as the OpenTelemetry API numbers them; OTLP's numbers are one higher. */
export const KIND = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const satisfies Record<
  string,
  SpanKind
>;
/** `SpanStatusCode.ERROR`. */
export const STATUS_ERROR = 2;

/** Name and version of what made a span. */
export interface Scope {
  readonly name: string;
  readonly version: string;
}

/** Something that happened at one instant of a span. */
export interface SpanEventData {
  readonly name: string;
  readonly timeMs: number;
  readonly attributes: Attributes;
}

/** What a span is made of; `onEnd` gets it once, when it ended. */
export interface SpanInit {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parentSpanId: string | undefined;
  readonly startMs: number;
  readonly scope: Scope;
  readonly onEnd: (span: RecordedSpan) => void;
}

/** A span that is recorded. Its fields are read by the encoder; users see the OpenTelemetry interface. */
export class RecordedSpan implements Span {
  declare name: string;
  declare readonly kind: SpanKind;
  declare readonly context: SpanContext;
  declare readonly parentSpanId: string | undefined;
  declare readonly startMs: number;
  declare readonly scope: Scope;
  declare readonly onEnd: SpanInit["onEnd"];
  endMs = 0;
  readonly attributes: Attributes = {};
  readonly events: SpanEventData[] = [];
  readonly links: Link[] = [];
  status: SpanStatus = { code: 0 };
  droppedAttributes = 0;
  droppedEvents = 0;
  droppedLinks = 0;
  #attributeCount = 0;

  constructor(init: SpanInit) {
    Object.assign(this, init);
  }

  spanContext(): SpanContext {
    return this.context;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (value === undefined || this.endMs) return this;
    if (!(key in this.attributes)) {
      if (this.#attributeCount >= ATTRIBUTES_MAX) {
        this.droppedAttributes++;
        return this;
      }
      this.#attributeCount++;
    }
    this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.endMs) return this;
    if (this.events.length >= EVENTS_MAX) {
      this.droppedEvents++;
      return this;
    }
    const timeOnly = isTime(attributesOrTime);
    const attributes = timeOnly ? {} : (attributesOrTime ?? {});
    this.events.push({ name, attributes, timeMs: toMs(timeOnly ? attributesOrTime : time) });
    return this;
  }

  addLink(link: Link): this {
    if (this.endMs) return this;
    if (this.links.length < LINKS_MAX) this.links.push(link);
    else this.droppedLinks++;
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!this.endMs) this.status = status;
    return this;
  }

  updateName(name: string): this {
    if (!this.endMs) this.name = name;
    return this;
  }

  end(endTime?: TimeInput): void {
    if (this.endMs) return;
    this.endMs = Math.max(endTime === undefined ? nowMs() : toMs(endTime), this.startMs);
    this.onEnd(this);
  }

  /**
   * Sends this span as it is now, ended, with `attributes` and the error `message`. When it does end it is sent again
   * under the same ids: the one that ended later counts.
   */
  snapshot(attributes: Attributes, message: string): void {
    if (this.endMs) return;
    const copy = new RecordedSpan(this);
    Object.assign(copy, {
      attributes: { ...this.attributes, ...attributes },
      events: [...this.events],
      links: [...this.links],
      status: { code: STATUS_ERROR, message },
    });
    copy.end();
  }

  isRecording(): boolean {
    return this.endMs === 0;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    this.addEvent("exception", exceptionAttributes(exception), time);
  }
}

/** A span that is only carried on: unsampled, remote, or where tracing is off. */
export class PassingSpan implements Span {
  readonly #context: SpanContext;

  constructor(context: SpanContext) {
    this.#context = context;
  }

  spanContext(): SpanContext {
    return this.#context;
  }
  setAttribute(): this {
    return this;
  }
  setAttributes(): this {
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(): this {
    return this;
  }
  updateName(): this {
    return this;
  }
  end(): void {}
  isRecording(): boolean {
    return false;
  }
  recordException(): void {}
}

/** Marks `span` as failed by any thrown value, `undefined` included. Never throws. */
export function recordError(span: Span, error: unknown): void {
  const attributes = exceptionAttributes(error);
  span.addEvent("exception", attributes);
  span.setAttribute(ERROR_TYPE, String(attributes[EXCEPTION_TYPE]));
  span.setStatus({ code: STATUS_ERROR, message: String(attributes[EXCEPTION_MESSAGE]) });
}

/** Type, message and stack of any thrown value, by the semantic conventions for exceptions. Never throws. */
function exceptionAttributes(error: unknown): Attributes {
  try {
    if (typeof error !== "object" || error === null) {
      return { [EXCEPTION_TYPE]: error === null ? "null" : typeof error, [EXCEPTION_MESSAGE]: String(error) };
    }
    const { name, message, stack } = error as Partial<Error>;
    const type = (typeof name === "string" && name) || error.constructor?.name || "Error";
    const attributes: Attributes = { [EXCEPTION_TYPE]: type, [EXCEPTION_MESSAGE]: String(message ?? type) };
    if (typeof stack === "string") attributes[EXCEPTION_STACKTRACE] = stack;
    return attributes;
  } catch {
    return { [EXCEPTION_TYPE]: "Error", [EXCEPTION_MESSAGE]: "an error that cannot be read" };
  }
}

function isTime(value: Attributes | TimeInput | undefined): value is TimeInput {
  return typeof value === "number" || Array.isArray(value) || value instanceof Date;
}
