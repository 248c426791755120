import type { TimeClass } from "./time-share.ts";

/** What each class of time is called. */
export const TIME_WORDS: Record<TimeClass, string> = {
  run: "code",
  init: "cold start",
  queue: "in queue",
  retry: "waiting for retry",
  gap: "nothing seen",
};
