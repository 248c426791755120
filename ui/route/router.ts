import { computed, signal } from "@preact/signals";
import { matchView, type View } from "./view.ts";

/** `push` for navigation, which Back retraces; `replace` for adjustments of the same view. */
export type HistoryMode = "push" | "replace";

/** The address of what is shown. Every view is a URL: what is not in here does not survive a reload. */
export const url = signal(new URL(window.location.href));

/** The view that the address names. */
export const view = computed<View>(() => matchView(url.value.pathname));

/** Goes to an address of this app. */
export function navigate(to: string, mode: HistoryMode): void {
  const next = new URL(to, url.peek());
  if (next.href === url.peek().href) return;
  if (mode === "push") history.pushState(null, "", next);
  else history.replaceState(null, "", next);
  url.value = next;
}

/** Changes members of the query, `undefined` removing one; the rest of the address stays. */
export function setQuery(changes: Record<string, string | undefined>, mode: HistoryMode): void {
  const next = new URL(url.peek());
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  navigate(next.href, mode);
}

/** Returns a member of the query, read as a signal. */
export function queryValue(name: string): string | undefined {
  return url.value.searchParams.get(name) ?? undefined;
}

/** Follows the browser's own navigation and takes clicks on links of this app. Returns how to stop. */
export function startRouter(): () => void {
  const follow = (): void => {
    url.value = new URL(window.location.href);
  };
  const take = (event: MouseEvent): void => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    ) {
      return;
    }
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isOurs = link?.origin === window.location.origin && !link.pathname.startsWith("/api/");
    if (!link || !isOurs || link.target === "_blank" || link.hasAttribute("download")) return;
    event.preventDefault();
    navigate(link.href, "push");
    window.scrollTo(0, 0);
  };
  window.addEventListener("popstate", follow);
  document.addEventListener("click", take);
  return () => {
    window.removeEventListener("popstate", follow);
    document.removeEventListener("click", take);
  };
}
