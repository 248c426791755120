import type { Context, Span, SpanContext, SpanOptions, Tracer, TracerProvider } from "@opentelemetry/api";
import { toMs } from "./clock.ts";
import { rootStateOf, spanOf, withSpan } from "./context.ts";
import type { StorageContextManager } from "./context-manager.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import { KIND, PassingSpan, RecordedSpan, type Scope } from "./span.ts";
import { isValidContext } from "./trace-parent.ts";

/** Decides for a new span whether it is recorded. */
export type Sampler = (traceId: string, parent: SpanContext | undefined) => boolean;

/** Makes the spans of one instrumentation scope. */
export class LeanTracer implements Tracer {
  readonly #provider: LeanTracerProvider;
  readonly #scope: Scope;

  constructor(provider: LeanTracerProvider, scope: Scope) {
    this.#provider = provider;
    this.#scope = scope;
  }

  startSpan(name: string, options: SpanOptions = {}, context: Context = this.#provider.contexts.active()): Span {
    const { sampler, onEnd, open } = this.#provider;
    const candidate = options.root ? undefined : spanOf(context)?.spanContext();
    const parent = candidate && isValidContext(candidate) ? candidate : undefined;
    const traceId = parent?.traceId ?? newTraceId();
    const sampled = sampler(traceId, parent);
    const traceState = parent ? parent.traceState : rootStateOf(context);
    const spanContext: SpanContext = {
      traceId,
      spanId: newSpanId(),
      traceFlags: sampled ? 1 : 0,
      ...(traceState && { traceState }),
    };
    if (!sampled) return new PassingSpan(spanContext);
    const span = new RecordedSpan({
      name,
      kind: options.kind ?? KIND.internal,
      context: spanContext,
      parentSpanId: parent?.spanId,
      startMs: toMs(options.startTime),
      scope: this.#scope,
      onEnd: (ended) => {
        open?.delete(ended);
        onEnd(ended);
      },
    });
    open?.add(span);
    if (options.attributes) span.setAttributes(options.attributes);
    if (options.links) span.addLinks(options.links);
    return span;
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
export class LeanTracerProvider implements TracerProvider {
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
