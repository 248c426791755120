import { computed, createModel, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { FlowIndex } from "../flow/flow-index.ts";
import type { Row } from "../flow/row.ts";
import { nearestVisible, visibleRows } from "../flow/rows.ts";
import { flowAxis } from "../flow/time-axis.ts";
import { queryValue, setQuery } from "../route/router.ts";

/** The address follows the selection this late: browsers refuse more than a few changes a second. */
const ADDRESS_DELAY_MS = 250;

interface Shown {
  index: ReadonlySignal<FlowIndex | undefined>;
  rows: ReadonlySignal<Row[]>;
}

/** How a reader looks at a flow: what is folded, focused on and zoomed to, and the one selected row. */
export const FlowView = createModel((shown: Shown) => {
  const { index, rows } = shown;
  const selection = new RowSelection(rows);
  const { folded, focusId, selectedIndex } = selection;
  const cutIdle = signal(true);
  const zoomed = signal<{ fromMs: number; toMs: number } | undefined>(undefined);
  const find = signal("");
  const axis = computed(() => {
    const window = zoomed.value;
    const isCut = cutIdle.value;
    const flow = index.value;
    return flow ? flowAxis(flow, isCut, window ?? flow.window) : undefined;
  });
  const visible = computed(() => visibleRows(rows.value, folded.value, selection.focusIndex.value));
  const cursorPosition = computed(() => {
    const drawn = visible.value;
    const all = rows.value;
    return nearestVisible(all, drawn, selectedIndex.value);
  });
  const selectNode = (nodeId: string): void => {
    const rowOf = (id: string): number => rows.peek().findIndex((row) => row.nodeId === id && row.kind !== "missing");
    const at = rowOf(nodeId);
    // What sent no spans has no row: its caller's row stands for it.
    const caller = index.peek()?.hopsTo.get(nodeId)?.[0]?.from ?? "";
    selection.select(at >= 0 ? at : rowOf(caller), true);
  };
  const fold = (ids: string[], closed: boolean): void => {
    const next = new Set(folded.peek());
    for (const id of ids) {
      if (closed) next.add(id);
      else next.delete(id);
    }
    folded.value = next;
  };
  const { selected, detailsOpen, select, clear } = selection;
  return {
    ...{ folded, focusId, selectedIndex, selected, detailsOpen, select, clear },
    ...{ cutIdle, zoomed, find, axis, visible, cursorPosition, selectNode, fold },
  };
});

/** The selected row: kept in the address, and never left hidden by what is folded. */
const RowSelection = createModel((rows: ReadonlySignal<Row[]>) => {
  const folded = signal<ReadonlySet<string>>(new Set());
  const focusId = signal<string | undefined>(undefined);
  const selectedId = signal(queryValue("row") ?? "");
  const detailsOpen = signal(selectedId.peek() !== "");
  const indexes = computed(() => new Map(rows.value.map((row, at) => [row.id, at])));
  const focusIndex = computed(() => indexes.value.get(focusId.value ?? "") ?? -1);
  const selectedIndex = computed(() => indexes.value.get(selectedId.value) ?? -1);
  const selected = computed(() => rows.value[selectedIndex.value]);

  effect(() => keepInAddress(selectedId.value));
  effect(() => {
    selectedId.value = queryValue("row") ?? "";
  });
  const reveal = (at: number): void => {
    const all = rows.peek();
    const open = new Set(folded.peek());
    for (let up = all[at]?.parentIndex ?? -1; up >= 0; up = all[up]?.parentIndex ?? -1) open.delete(all[up]?.id ?? "");
    if (open.size !== folded.peek().size) folded.value = open;
    const focus = all[focusIndex.peek()];
    if (focus && (at < focusIndex.peek() || at >= focus.endIndex)) focusId.value = undefined;
  };
  const select = (at: number, openDetails = false): void => {
    const row = rows.peek()[at];
    if (!row) return;
    reveal(at);
    selectedId.value = row.id;
    if (openDetails) detailsOpen.value = true;
  };
  const clear = (): void => {
    detailsOpen.value = false;
    selectedId.value = "";
  };
  return { folded, focusId, focusIndex, selectedIndex, selected, detailsOpen, select, clear };
});

function keepInAddress(row: string): () => void {
  const timer = setTimeout(() => setQuery({ row: row === "" ? undefined : row }, "replace"), ADDRESS_DELAY_MS);
  return () => clearTimeout(timer);
}
