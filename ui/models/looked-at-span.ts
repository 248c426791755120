import { computed, createModel, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Span } from "@hopscope/schema/flow";
import { fetchSpan, type SpanPlace } from "../api/client.ts";

/** All that the span says that a reader looks at; what was loaded last stays until the next is there. */
export const LookedAtSpan = createModel((wanted: ReadonlySignal<SpanPlace | undefined>) => {
  const loaded = signal<Span | undefined>(undefined);
  /** Why it could not be loaded, for a reader. */
  const trouble = signal<string | undefined>(undefined);
  // As a text, so that a flow that is loaded again does not load the span again.
  const place = computed(() => (wanted.value ? JSON.stringify(wanted.value) : ""));
  effect(() => {
    trouble.value = undefined;
    if (place.value === "") return undefined;
    const asked = JSON.parse(place.value) as SpanPlace;
    const controller = new AbortController();
    fetchSpan(asked, controller.signal).then(
      (span) => (loaded.value = span),
      (reason: unknown) => {
        if (!controller.signal.aborted) trouble.value = reason instanceof Error ? reason.message : String(reason);
      },
    );
    return () => controller.abort();
  });
  const span = computed(() => (isAt(loaded.value, wanted.value) ? loaded.value : undefined));
  return { span, trouble };
});

function isAt(span: Span | undefined, place: SpanPlace | undefined): boolean {
  if (!span || !place || span.spanId !== place.spanId || span.traceId !== place.traceId) return false;
  return place.kind === undefined || (span.kind === place.kind && span.service === place.service);
}
