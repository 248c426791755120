import type { Context, Span, SpanContext, SpanOptions } from "@opentelemetry/api";
import { toMs } from "./clock.ts";
import { rootStateOf, spanOf } from "./context.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import { KIND, PassingSpan, RecordedSpan, type Scope } from "./span.ts";
import { isValidContext } from "./trace-parent.ts";

/** Decides for a new span whether it is recorded. */
export type Sampler = (traceId: string, parent: SpanContext | undefined) => boolean;

/** What becomes of new spans. */
export interface Recording {
  readonly sampler: Sampler;
  readonly onEnd: (span: RecordedSpan) => void;
  /** Spans that have not ended, where somebody wants to know them: one that never ends stays in it. */
  readonly open: Set<RecordedSpan> | undefined;
}

/** Starts a span, or one that is only carried on where its trace is not kept. */
export function startSpan(
  recording: Recording,
  scope: Scope,
  name: string,
  options: SpanOptions,
  context: Context,
): Span {
  const { sampler, onEnd, open } = recording;
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
    scope,
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
