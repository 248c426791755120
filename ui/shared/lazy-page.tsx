import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

/** Returns a page whose code is fetched when it is first opened: the first view does without it. */
export function lazyPage(load: () => Promise<() => JSX.Element>): () => JSX.Element {
  const loaded = signal<(() => JSX.Element) | undefined>(undefined);
  return function LazyPage() {
    const Page = loaded.value;
    useEffect(() => {
      void load().then((page) => (loaded.value = page));
    }, []);
    return Page === undefined ? <p class="loading">Loading …</p> : <Page />;
  };
}
