import { computed, createModel, effect, signal } from "@preact/signals";
import type { FlowResponse } from "@hopscope/schema/flow";
import { fetchFlow } from "../api/client.ts";
import { indexFlow } from "../flow/flow-index.ts";
import { buildGraph } from "../flow/graph-model.ts";
import { buildRows, nearestVisible, positionOf, visibleRows } from "../flow/rows.ts";
import { headline, tellStory } from "../flow/story.ts";
import { flowAxis } from "../flow/time-axis.ts";
import { timeShares } from "../flow/time-share.ts";
import { queryValue, setQuery } from "../route/router.ts";
import { addMillis, epochMillis } from "../shared/instant.ts";
import { Poll } from "./poll.ts";

/** How often a flow that may still go on is loaded again. */
const REFRESH_MS = 3000;
/** A flow is over when nothing has come for this long: two of SQS's default visibility timeouts. */
const QUIET_MS = 60_000;

/** The address follows the selection this late: browsers refuse more than a few changes a second. */
const ADDRESS_DELAY_MS = 250;

/** One flow: what the API says of it, what follows, and what the reader has folded and selected. */
export const FlowModel = createModel((traceId: string) => {
  const poll = new Poll<FlowResponse>({ load: (signal) => fetchFlow(traceId, signal), everyMs: refreshAfter });
  const index = computed(() => (poll.answer.value ? indexFlow(poll.answer.value) : undefined));
  const rows = computed(() => (index.value ? buildRows(index.value) : []));
  const rowIndexes = computed(() => new Map(rows.value.map((row, at) => [row.id, at])));
  const graph = computed(() => (index.value ? buildGraph(index.value) : { nodes: [], edges: [] }));
  const story = computed(() => (index.value ? tellStory(index.value) : { lines: [], omitted: 0 }));
  const outcome = computed(() => (index.value ? headline(index.value) : undefined));
  const shares = computed(() => (index.value ? timeShares(index.value) : undefined));

  const folded = signal<ReadonlySet<string>>(new Set());
  const focusId = signal<string | undefined>(undefined);
  const cutIdle = signal(true);
  const zoomed = signal<{ fromMs: number; toMs: number } | undefined>(undefined);
  const axis = computed(() => {
    const flow = index.value;
    return flow ? flowAxis(flow, cutIdle.value, zoomed.value ?? flow.window) : undefined;
  });
  const focusIndex = computed(() => (focusId.value === undefined ? -1 : (rowIndexes.value.get(focusId.value) ?? -1)));
  const visible = computed(() => visibleRows(rows.value, folded.value, focusIndex.value));

  const selectedId = signal(queryValue("row") ?? "");
  const find = signal("");
  effect(() => keepInAddress(selectedId.value));
  effect(() => {
    selectedId.value = queryValue("row") ?? "";
  });
  const selectedIndex = computed(() => rowIndexes.value.get(selectedId.value) ?? -1);
  const selected = computed(() => rows.value[selectedIndex.value]);
  const detailsOpen = signal(queryValue("row") !== undefined);

  const reveal = (at: number): void => {
    const open = new Set(folded.peek());
    for (let up = rows.peek()[at]?.parentIndex ?? -1; up >= 0; up = rows.peek()[up]?.parentIndex ?? -1) {
      open.delete(rows.peek()[up]?.id ?? "");
    }
    if (open.size !== folded.peek().size) folded.value = open;
    const focus = rows.peek()[focusIndex.peek()];
    if (focus && (at < focusIndex.peek() || at >= focus.endIndex)) focusId.value = undefined;
  };
  const select = (at: number, openDetails = false): void => {
    const row = rows.peek()[at];
    if (!row) return;
    reveal(at);
    selectedId.value = row.id;
    if (openDetails) detailsOpen.value = true;
  };
  const selectNode = (nodeId: string): void => {
    const rowOf = (id: string): number => rows.peek().findIndex((row) => row.nodeId === id && row.kind !== "missing");
    const at = rowOf(nodeId);
    // What sent no spans has no row: its caller's row stands for it.
    select(at >= 0 ? at : rowOf(index.peek()?.hopsTo.get(nodeId)?.[0]?.from ?? ""), true);
  };
  const clear = (): void => {
    detailsOpen.value = false;
    selectedId.value = "";
  };
  const fold = (ids: string[], closed: boolean): void => {
    const next = new Set(folded.peek());
    for (const id of ids) {
      if (closed) next.add(id);
      else next.delete(id);
    }
    folded.value = next;
  };
  const cursorPosition = computed(() => {
    if (selectedIndex.value < 0) return -1;
    const at = positionOf(visible.value, selectedIndex.value);
    return at >= 0 ? at : nearestVisible(rows.value, visible.value, selectedIndex.value);
  });
  return {
    poll,
    index,
    rows,
    graph,
    story,
    outcome,
    shares,
    folded,
    focusId,
    cutIdle,
    zoomed,
    axis,
    visible,
    selected,
    selectedIndex,
    cursorPosition,
    detailsOpen,
    find,
    clear,
    select,
    selectNode,
    fold,
  };
});

function keepInAddress(row: string): () => void {
  const timer = setTimeout(() => setQuery({ row: row === "" ? undefined : row }, "replace"), ADDRESS_DELAY_MS);
  return () => clearTimeout(timer);
}

/** What a part of the page gets of {@link FlowModel}. */
export type FlowModelState = InstanceType<typeof FlowModel>;

function refreshAfter(answer: FlowResponse | undefined): number | undefined {
  if (!answer) return REFRESH_MS;
  const { flow } = answer;
  const isOpen = flow.gaps.some((gap) => gap.kind !== "missing-parent");
  const endedMs = epochMillis(addMillis(flow.startTime, flow.durationMs));
  return isOpen || Date.now() - endedMs < QUIET_MS ? REFRESH_MS : undefined;
}
