import { createModel, effect, signal } from "@preact/signals";
import { ApiError } from "../api/client.ts";

/** How a subject is loaded again and again. */
export interface PollOptions<Answer> {
  load: (signal: AbortSignal) => Promise<Answer>;
  /** Milliseconds until the next load, given the answer so far; undefined for no further load. */
  everyMs: (answer: Answer | undefined) => number | undefined;
  /** Called with each answer. */
  onAnswer?: (answer: Answer) => void;
}

/**
 * Keeps an answer of the API fresh. What was once shown stays when a later load fails: `error` stands beside it.
 * Nothing is loaded while the page is hidden. What `load` reads of signals starts a new load when it changes.
 */
export const Poll = createModel(<Answer>({ load, everyMs, onAnswer }: PollOptions<Answer>) => {
  const answer = signal<Answer | undefined>(undefined);
  const error = signal<ApiError | undefined>(undefined);
  const loading = signal(false);
  const loadedAtMs = signal(0);
  const turn = signal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const later = (): void => {
    const waitMs = everyMs(answer.peek());
    clearTimeout(timer);
    if (waitMs !== undefined) timer = setTimeout(again, waitMs);
  };
  const again = (): void => {
    if (document.hidden) return;
    turn.value += 1;
  };
  const settle = async (request: Promise<Answer>, aborted: AbortSignal): Promise<void> => {
    try {
      const result = await request;
      if (aborted.aborted) return;
      answer.value = result;
      error.value = undefined;
      loadedAtMs.value = Date.now();
      onAnswer?.(result);
    } catch (reason) {
      if (aborted.aborted) return;
      error.value = reason instanceof ApiError ? reason : new ApiError("internal", String(reason));
    }
    loading.value = false;
    later();
  };
  effect(() => {
    void turn.value;
    const controller = new AbortController();
    const request = load(controller.signal);
    loading.value = true;
    void settle(request, controller.signal);
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  });
  effect(() => {
    document.addEventListener("visibilitychange", again);
    return () => document.removeEventListener("visibilitychange", again);
  });
  return { answer, error, loading, loadedAtMs, refresh: again };
});
