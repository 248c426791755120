import { computed, createModel } from "@preact/signals";
import type { FlowOutline } from "@hopscope/schema/flow-outline";
import { fetchOutline, type Clocks, type SpanPlace } from "../api/client.ts";
import { indexFlow } from "../flow/flow-index.ts";
import { buildGraph } from "../flow/graph-model.ts";
import { buildRows } from "../flow/rows.ts";
import { headline, tellStory } from "../flow/story.ts";
import { timeShares } from "../flow/time-share.ts";
import { queryValue, setQuery } from "../route/router.ts";
import { addMillis, epochMillis } from "../shared/instant.ts";
import { FlowView } from "./flow-view.ts";
import { LookedAtSpan } from "./looked-at-span.ts";
import { Poll } from "./poll.ts";

/** How often a flow that may still go on is loaded again. */
const REFRESH_MS = 3000;
/** A flow is over when nothing has come for this long: two of SQS's default visibility timeouts. */
const QUIET_MS = 60_000;

/** What the API says of one flow, and what follows from it. */
const FlowData = createModel((traceId: string) => {
  const clocks = computed<Clocks>(() => (queryValue("clocks") === "as-sent" ? "as-sent" : "aligned"));
  const poll = new Poll<FlowOutline>({
    load: (signal) => fetchOutline(traceId, clocks.value, signal),
    everyMs: refreshAfter,
  });
  const index = computed(() => (poll.answer.value ? indexFlow(poll.answer.value) : undefined));
  const rows = computed(() => (index.value ? buildRows(index.value) : undefined));
  const graph = computed(() => (index.value ? buildGraph(index.value) : { nodes: [], edges: [] }));
  const story = computed(() => (index.value ? tellStory(index.value) : { lines: [], omitted: 0 }));
  const outcome = computed(() => (index.value ? headline(index.value) : undefined));
  const shares = computed(() => (index.value ? timeShares(index.value) : undefined));
  /** Whether a host's clock contradicts another's: then there is something to choose. */
  const isSkewed = computed(
    () => clocks.value === "as-sent" || index.value?.flow.nodes.some((node) => node.clockSkewMs !== undefined) === true,
  );
  const toggleClocks = (): void =>
    setQuery({ clocks: clocks.peek() === "aligned" ? "as-sent" : undefined }, "replace");
  return { clocks, isSkewed, toggleClocks, poll, index, rows, graph, story, outcome, shares };
});

/** One flow: what is known of it, and what its reader has folded, zoomed to and selected. */
export const FlowModel = createModel((traceId: string) => {
  const data = new FlowData(traceId);
  const view = new FlowView(data);
  const spanPlace = computed<SpanPlace | undefined>(() => {
    const spanId = view.detailsOpen.value ? view.selected.value?.spanId : undefined;
    const spans = data.index.value?.spans;
    if (spanId === undefined || !spans) return undefined;
    const at = spans.positionOf(spanId);
    const own = { spanId: spans.sentId(at), traceId: spans.traceId(at) };
    return spans.isRepeated(at) ? { ...own, kind: spans.kind(at), service: spans.service(at) } : own;
  });
  return { ...data, ...view, lookedAt: new LookedAtSpan(spanPlace) };
});

/** What a part of the page gets of {@link FlowModel}. */
export type FlowModelState = InstanceType<typeof FlowModel>;

function refreshAfter(answer: FlowOutline | undefined): number | undefined {
  if (!answer) return REFRESH_MS;
  const { flow } = answer;
  const isOpen = flow.gaps.some((gap) => gap.kind !== "missing-parent");
  const endedMs = epochMillis(addMillis(flow.startTime, flow.durationMs));
  return isOpen || Date.now() - endedMs < QUIET_MS ? REFRESH_MS : undefined;
}
