import { computed, createModel, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { FlowIndex } from "../flow/flow-index.ts";
import { nearestVisible, visibleRows, type RowTable } from "../flow/rows.ts";
import { flowAxis } from "../flow/time-axis.ts";
import { queryValue, setQuery } from "../route/router.ts";

/** The address follows the selection this late: browsers refuse more than a few changes a second. */
const ADDRESS_DELAY_MS = 250;

interface Shown {
  index: ReadonlySignal<FlowIndex | undefined>;
  rows: ReadonlySignal<RowTable | undefined>;
}

const NO_ROWS = new Int32Array();

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
  const visible = computed(() => {
    const all = rows.value;
    const closed = folded.value;
    const focus = selection.focusIndex.value;
    return all ? visibleRows(all, closed, focus) : NO_ROWS;
  });
  const cursorPosition = computed(() => {
    const drawn = visible.value;
    const all = rows.value;
    const at = selectedIndex.value;
    return all ? nearestVisible(all, drawn, at) : -1;
  });
  const selectNode = (nodeId: string): void => {
    const rowOf = (id: string): number => {
      for (const [at, row] of rows.peek()?.drafted() ?? []) {
        if (row.nodeId === id && row.kind !== "missing") return at;
      }
      return -1;
    };
    const at = rowOf(nodeId);
    // What sent no spans has no row: its caller's row stands for it.
    const caller = index.peek()?.hopsTo.get(nodeId)?.[0]?.from ?? "";
    selection.select(at >= 0 ? at : rowOf(caller), true);
  };
  const { selected, detailsOpen, select, clear, fold } = selection;
  return {
    ...{ folded, focusId, selectedIndex, selected, detailsOpen, select, clear },
    ...{ cutIdle, zoomed, find, axis, visible, cursorPosition, selectNode, fold },
  };
});

/** The selected row: kept in the address, and never left hidden by what is folded. */
const RowSelection = createModel((rows: ReadonlySignal<RowTable | undefined>) => {
  /** What the reader opened and closed; groups are closed where nothing is said. */
  const choices = signal<ReadonlyMap<string, "open" | "closed">>(new Map());
  /** By their indexes. */
  const folded = computed<ReadonlySet<number>>(() => {
    const all = rows.value;
    const chosen = choices.value;
    const closed = new Set<number>();
    if (!all) return closed;
    for (const [at, { id, kind }] of all.drafted()) if (kind === "group" && chosen.get(id) !== "open") closed.add(at);
    for (const [id, choice] of chosen) if (choice === "closed") closed.add(all.indexOf(id));
    return closed;
  });
  const fold = (ids: string[], isClosed: boolean): void => {
    const next = new Map(choices.peek());
    for (const id of ids) next.set(id, isClosed ? "closed" : "open");
    choices.value = next;
  };
  const focusId = signal<string | undefined>(undefined);
  const selectedId = signal(queryValue("row") ?? "");
  const detailsOpen = signal(selectedId.peek() !== "");
  const indexOf = (id: string): number => (id === "" ? -1 : (rows.value?.indexOf(id) ?? -1));
  const focusIndex = computed(() => indexOf(focusId.value ?? ""));
  const selectedIndex = computed(() => indexOf(selectedId.value));
  const selected = computed(() => rows.value?.at(selectedIndex.value));

  effect(() => keepInAddress(selectedId.value));
  effect(() => {
    selectedId.value = queryValue("row") ?? "";
  });
  const reveal = (at: number): void => {
    const all = rows.peek();
    if (!all || at < 0) return;
    const shut: string[] = [];
    for (let up = all.parentOf(at); up >= 0; up = all.parentOf(up)) {
      if (folded.peek().has(up)) shut.push(all.at(up)?.id ?? "");
    }
    if (shut.length > 0) fold(shut, false);
    const focus = all.at(focusIndex.peek());
    if (focus && (at < focusIndex.peek() || at >= focus.endIndex)) focusId.value = undefined;
  };
  // A link may lead to a row inside of a group: that one is open from the start.
  let hasRevealed = false;
  effect(() => {
    const isEmpty = rows.value === undefined;
    if (hasRevealed || isEmpty) return;
    hasRevealed = true;
    reveal(selectedIndex.peek());
  });
  const select = (at: number, openDetails = false): void => {
    const row = rows.peek()?.at(at);
    if (!row) return;
    reveal(at);
    selectedId.value = row.id;
    if (openDetails) detailsOpen.value = true;
  };
  const clear = (): void => {
    detailsOpen.value = false;
    selectedId.value = "";
  };
  return { folded, fold, focusId, focusIndex, selectedIndex, selected, detailsOpen, select, clear };
});

function keepInAddress(row: string): () => void {
  const timer = setTimeout(() => setQuery({ row: row === "" ? undefined : row }, "replace"), ADDRESS_DELAY_MS);
  return () => clearTimeout(timer);
}
