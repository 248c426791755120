import { computed, createModel, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Span } from "@hopscope/schema/flow";
import { fetchSpan } from "../api/client.ts";

/** Where a span is stored. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

/** All that the span says that a reader looks at; what was loaded last stays until the next is there. */
export const LookedAtSpan = createModel((wanted: ReadonlySignal<SpanPlace | undefined>) => {
  const loaded = signal<Span | undefined>(undefined);
  /** Why it could not be loaded, for a reader. */
  const trouble = signal<string | undefined>(undefined);
  // As a text, so that a flow that is loaded again does not load the span again.
  const place = computed(() => (wanted.value ? `${wanted.value.traceId} ${wanted.value.spanId}` : ""));
  effect(() => {
    const [traceId, spanId] = place.value.split(" ");
    trouble.value = undefined;
    if (!traceId || !spanId) return undefined;
    const controller = new AbortController();
    fetchSpan(traceId, spanId, controller.signal).then(
      (span) => (loaded.value = span),
      (reason: unknown) => {
        if (!controller.signal.aborted) trouble.value = reason instanceof Error ? reason.message : String(reason);
      },
    );
    return () => controller.abort();
  });
  const span = computed(() => (loaded.value?.spanId === wanted.value?.spanId ? loaded.value : undefined));
  return { span, trouble };
});
