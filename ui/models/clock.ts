import { signal } from "@preact/signals";

/** How often what is "14 s ago" is said anew. */
const TICK_MS = 1000;

/** Now, in milliseconds since the epoch, moving once a second while the page is seen. */
export const nowMs = signal(Date.now());

/** Starts the clock. Returns how to stop it. */
export function startClock(): () => void {
  const timer = setInterval(() => {
    if (!document.hidden) nowMs.value = Date.now();
  }, TICK_MS);
  return () => clearInterval(timer);
}
