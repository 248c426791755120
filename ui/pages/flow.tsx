import { useModel } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Details } from "../flow/details.tsx";
import { FlowHeader } from "../flow/flow-header.tsx";
import { GraphView, prepareGraph } from "../flow/graph-view.tsx";
import { StoryView } from "../flow/story-view.tsx";
import { waterfallShortcuts } from "../flow/waterfall-keys.ts";
import { WaterfallView } from "../flow/waterfall-view.tsx";
import { FlowModel } from "../models/flow.ts";
import { EmptyState } from "../shared/empty-state.tsx";
import { ErrorBanner } from "../shared/error-banner.tsx";
import { useShortcuts } from "../shared/shortcuts.ts";
import { useTitle } from "../shared/use-title.ts";
import "../flow/time-patterns.css";
import "./flow.css";

/** One flow: what happened in words, as a graph and over time, with one selection shared by all three. */
export function FlowPage({ traceId }: { traceId: string }): JSX.Element {
  const model = useModel(() => new FlowModel(traceId));
  const error = model.poll.error.value;
  const index = model.index.value;
  useTitle(index ? index.flow.name : "Flow");
  useEffect(prepareGraph, []);
  useShortcuts("This flow", () => waterfallShortcuts(model));
  if (!index && error?.code === "not-found") return <NotFound traceId={traceId} reason={error.message} />;
  if (!index && error?.code === "invalid") return <NotFound traceId={traceId} reason={error.message} />;
  return (
    <div class="flow-page" data-details={model.detailsOpen.value && model.selected.value !== undefined}>
      {error && <ErrorBanner error={error} hasData={index !== undefined} retry={model.poll.refresh} />}
      {!index && !error && <p class="loading">Putting the flow together …</p>}
      {index && (
        <>
          <FlowHeader model={model} />
          <div class="flow-top">
            <StoryView model={model} />
            <GraphView model={model} />
          </div>
          <WaterfallView model={model} />
          <Details model={model} />
        </>
      )}
    </div>
  );
}

function NotFound({ traceId, reason }: { traceId: string; reason: string }): JSX.Element {
  return (
    <EmptyState isPage title="This flow is not here">
      <p>
        Asked for <code>{traceId}</code>. The collector says: {reason}
      </p>
      <p>
        Either none of its spans has arrived yet (a span is found within two seconds of its arrival; this page looks
        again by itself), or they were older than the retention and are gone, or the id belongs to another installation.
      </p>
      <p>
        <a href="/">Recent flows</a>
      </p>
    </EmptyState>
  );
}
