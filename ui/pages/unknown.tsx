import type { JSX } from "preact";
import { EmptyState } from "../shared/empty-state.tsx";
import { useTitle } from "../shared/use-title.ts";

/** An address that names no page. */
export function UnknownPage(): JSX.Element {
  useTitle("No such page");
  return (
    <EmptyState isPage title="There is no page at this address">
      <p>
        Go to the <a href="/">recent flows</a> or to the <a href="/functions">functions</a>.
      </p>
    </EmptyState>
  );
}
