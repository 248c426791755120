import type { Context, Span, TraceState } from "@opentelemetry/api";

/** Where the OpenTelemetry API keeps the active span; its keys are global symbols, so any copy of it finds ours. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/** Where it keeps baggage. */
export const BAGGAGE_KEY = Symbol.for("OpenTelemetry Baggage Key");

/** What OpenTelemetry's SDKs and instrumentations know as "make no spans here". */
const SUPPRESS_KEY = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Where the `tracestate` of traces that begin in a context is kept. */
const STATE_KEY = Symbol.for("hopscope.tracestate");

/** An immutable chain of values: one small object for each value set, nothing copied. */
class ChainContext implements Context {
  readonly #parent: ChainContext | undefined;
  readonly #key: symbol | undefined;
  readonly #value: unknown;

  constructor(parent?: ChainContext, key?: symbol, value?: unknown) {
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    // Recursive: a chain is as deep as values were set, and a loop would need an alias of `this`.
    return this.#key === key ? this.#value : this.#parent?.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new ChainContext(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new ChainContext(this, key, undefined);
  }
}

/** The context in which nothing is active. */
export const ROOT: Context = new ChainContext();

/** `context` with everything in it left untraced: the exporter's own requests, the transport of a traced call. */
export function suppressed(context: Context): Context {
  return context.setValue(SUPPRESS_KEY, true);
}

/** Whether `context` is {@link suppressed}. */
export function isSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_KEY) === true;
}

/** The span that `context` makes active. */
export function spanOf(context: Context): Span | undefined {
  return context.getValue(SPAN_KEY) as Span | undefined;
}

/** `context` with `span` as its active span; with none for `undefined`. */
export function withSpan(context: Context, span: Span | undefined): Context {
  return context.setValue(SPAN_KEY, span);
}

/** `context` in which a trace that begins has `state`. */
export function withRootState(context: Context, state: TraceState): Context {
  return context.setValue(STATE_KEY, state);
}

/** The `tracestate` of a trace that begins in `context`. */
export function rootStateOf(context: Context): TraceState | undefined {
  return context.getValue(STATE_KEY) as TraceState | undefined;
}
