import type { Context, Span, SpanOptions, Tracer, TracerProvider } from "@opentelemetry/api";
import { withSpan } from "./context.ts";
import type { StorageContextManager } from "./context-manager.ts";
import type { RecordedSpan, Scope } from "./span.ts";
import { type Recording, type Sampler, startSpan } from "./start-span.ts";

/** Makes the spans of one instrumentation scope. */
export class LeanTracer implements Tracer {
  readonly #provider: LeanTracerProvider;
  readonly #scope: Scope;

  constructor(provider: LeanTracerProvider, scope: Scope) {
    this.#provider = provider;
    this.#scope = scope;
  }

  startSpan(name: string, options: SpanOptions = {}, context: Context = this.#provider.contexts.active()): Span {
    return startSpan(this.#provider, this.#scope, name, options, context);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const fn = rest.pop() as F;
    const contexts = this.#provider.contexts;
    const context = (rest[1] as Context | undefined) ?? contexts.active();
    const span = this.startSpan(name, rest[0] as SpanOptions | undefined, context);
    return contexts.with(withSpan(context, span), () => fn(span) as ReturnType<F>);
  }
}

/** A tracer provider without processors: a span that ended goes straight to `onEnd`. */
export class LeanTracerProvider implements TracerProvider, Recording {
  readonly contexts: StorageContextManager;
  readonly sampler: Sampler;
  readonly onEnd: (span: RecordedSpan) => void;
  /** Spans that have not ended, where somebody wants to know them: one that never ends stays in it. */
  open: Set<RecordedSpan> | undefined;

  constructor(contexts: StorageContextManager, sampler: Sampler, onEnd: (span: RecordedSpan) => void) {
    this.contexts = contexts;
    this.sampler = sampler;
    this.onEnd = onEnd;
  }

  getTracer(name: string, version = ""): LeanTracer {
    return new LeanTracer(this, { name, version });
  }
}
