import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { nextTheme, theme } from "./models/theme.ts";
import { LazyAlertsPage } from "./alerts/lazy-alerts-page.tsx";
import { LazyComparePage } from "./compare/lazy-compare-page.tsx";
import { FlowPage } from "./pages/flow.tsx";
import { FlowsPage } from "./pages/flows.tsx";
import { FunctionsPage } from "./pages/functions.tsx";
import { UnknownPage } from "./pages/unknown.tsx";
import { navigate, view } from "./route/router.ts";
import { Icon } from "./shared/icon.tsx";
import { helpOpen, ShortcutsHelp } from "./shared/shortcuts-help.tsx";
import { useShortcuts } from "./shared/shortcuts.ts";
import "./app.css";

/** The whole app: the bar on top and the page that the address names. */
export function App(): JSX.Element {
  useShortcuts("Everywhere", () => [
    { keys: ["?"], label: "Show this help", run: () => (helpOpen.value = true) },
    { keys: ["1"], label: "Flows", run: () => navigate("/", "push") },
    { keys: ["2"], label: "Functions", run: () => navigate("/functions", "push") },
    { keys: ["3"], label: "Alerts", run: () => navigate("/alerts", "push") },
    { keys: ["4"], label: "Compare", run: () => navigate("/compare", "push") },
    { keys: ["t"], label: "Theme: auto, light, dark", run: nextTheme },
  ]);
  const main = useRef<HTMLElement>(null);
  const shown = view.value;
  const key = shown.page === "flow" ? shown.traceId : shown.page;
  const first = useRef(true);
  useEffect(() => {
    // A screen reader hears of the new page; on the first one, focus stays where the browser put it.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [key]);
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <TopBar />
      <main id="main" ref={main} tabIndex={-1} key={key}>
        {shown.page === "flows" && <FlowsPage />}
        {shown.page === "flow" && <FlowPage traceId={shown.traceId} />}
        {shown.page === "functions" && <FunctionsPage />}
        {shown.page === "alerts" && <LazyAlertsPage />}
        {shown.page === "compare" && <LazyComparePage />}
        {shown.page === "unknown" && <UnknownPage />}
      </main>
      <ShortcutsHelp />
    </>
  );
}

function TopBar(): JSX.Element {
  const { page } = view.value;
  const chosen = theme.value;
  const icon = ({ auto: "auto", light: "sun", dark: "moon" } as const)[chosen];
  return (
    <header class="top-bar">
      <a class="brand" href="/" aria-label="Hopscope, flows">
        <img src="/icon.svg" width={24} height={24} alt="" />
        <span>Hopscope</span>
      </a>
      <nav aria-label="Pages">
        <a href="/" aria-current={page === "flows" ? "page" : page === "flow" ? "true" : undefined}>
          Flows
        </a>
        <a href="/functions" aria-current={page === "functions" ? "page" : undefined}>
          Functions
        </a>
        <a href="/alerts" aria-current={page === "alerts" ? "page" : undefined}>
          Alerts
        </a>
        <a href="/compare" aria-current={page === "compare" ? "page" : undefined}>
          Compare
        </a>
      </nav>
      <div class="tools">
        <button type="button" class="quiet" onClick={nextTheme} aria-label={`Theme: ${chosen}`}>
          <Icon name={icon} />
          <span>{chosen}</span>
        </button>
        <button type="button" class="quiet" onClick={() => (helpOpen.value = true)} title="Keyboard shortcuts">
          <Icon name="keyboard" />
          <span>
            Keys <kbd>?</kbd>
          </span>
        </button>
      </div>
    </header>
  );
}
