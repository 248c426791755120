import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

const loaded = signal<(() => JSX.Element) | undefined>(undefined);

/** The page of alerts, whose code is fetched when it is first opened: the first view does without it. */
export function LazyAlertsPage(): JSX.Element {
  const Page = loaded.value;
  useEffect(() => {
    void import("../pages/alerts.tsx").then(({ AlertsPage }) => (loaded.value = AlertsPage));
  }, []);
  return Page === undefined ? <p class="loading">Loading …</p> : <Page />;
}
