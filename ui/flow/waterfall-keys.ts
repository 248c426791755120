import { copyText } from "../shared/copy-button.tsx";
import type { FlowModelState } from "../models/flow.ts";
import type { Shortcut } from "../shared/shortcuts.ts";
import type { Row } from "./row.ts";
import { findRow } from "./rows.ts";
import { findNext } from "./waterfall-tools.tsx";

/** Rows that Page Up and Page Down move by. */
const PAGE_ROWS = 15;

const grid = (): HTMLElement | null => document.querySelector<HTMLElement>("#waterfall");
const inGrid = (): boolean => grid()?.contains(document.activeElement) ?? false;

/** Returns the keys of a flow's page: what they do, in words and in fact. */
export function waterfallShortcuts(model: FlowModelState): Shortcut[] {
  return [...movingKeys(model), ...jumpingKeys(model), ...viewKeys(model)];
}

function movingKeys(model: FlowModelState): Shortcut[] {
  const to = (position: number): void => {
    const visible = model.visible.peek();
    const at = visible[Math.max(0, Math.min(visible.length - 1, position))];
    if (at !== undefined) model.select(at);
    focusGrid();
  };
  const by = (step: number) => (): void => to(model.cursorPosition.peek() + step);
  return [
    { keys: ["j"], label: "Next row", run: by(1) },
    { keys: ["k"], label: "Previous row", run: by(-1) },
    { keys: ["ArrowDown"], label: "Next row, in the waterfall", run: by(1), when: inGrid },
    { keys: ["ArrowUp"], label: "Previous row, in the waterfall", run: by(-1), when: inGrid },
    { keys: ["PageDown"], label: `Down ${PAGE_ROWS} rows`, run: by(PAGE_ROWS), when: inGrid },
    { keys: ["PageUp"], label: `Up ${PAGE_ROWS} rows`, run: by(-PAGE_ROWS), when: inGrid },
    { keys: ["Home"], label: "First row", run: () => to(0), when: inGrid },
    { keys: ["End"], label: "Last row", run: () => to(Infinity), when: inGrid },
    {
      keys: ["ArrowRight"],
      label: "Open the row, or go to its first child",
      run: () => openOrEnter(model),
      when: inGrid,
    },
    { keys: ["ArrowLeft"], label: "Fold the row, or go to its parent", run: () => foldOrLeave(model), when: inGrid },
    { keys: ["Enter", " "], label: "Details of the row", run: () => (model.detailsOpen.value = true), when: inGrid },
    { keys: ["Escape"], label: "Close details, zoom or focus", run: () => stepBack(model) },
  ];
}

function jumpingKeys(model: FlowModelState): Shortcut[] {
  const jump = (step: 1 | -1, wanted: (row: Row) => boolean) => (): void => {
    const rows = model.rows.peek();
    if (rows) model.select(findRow(rows, model.selectedIndex.peek(), step, wanted));
    focusGrid();
  };
  return [
    { keys: ["e"], label: "Next error", run: jump(1, isError) },
    { keys: ["E"], label: "Previous error", run: jump(-1, isError) },
    { keys: ["c"], label: "Next on the critical path", run: jump(1, (row) => row.critical) },
    { keys: ["q"], label: "Next longest wait", run: () => nextLongestWait(model) },
    { keys: ["u"], label: "Upstream: what caused this", run: () => upstream(model) },
    { keys: ["n"], label: "Next match", run: () => findNext(model, 1) },
    { keys: ["N"], label: "Previous match", run: () => findNext(model, -1) },
    {
      keys: ["/"],
      label: "Find in the waterfall",
      run: () => document.querySelector<HTMLElement>("#waterfall-find")?.focus(),
    },
    { keys: ["w"], label: "Go to the waterfall", run: focusGrid },
  ];
}

function viewKeys(model: FlowModelState): Shortcut[] {
  return [
    {
      keys: ["g"],
      label: "Cut idle time, or draw it to scale",
      run: () => (model.cutIdle.value = !model.cutIdle.peek()),
    },
    { keys: ["a"], label: "Clocks aligned, or as they were sent", run: model.toggleClocks },
    { keys: ["z"], label: "Zoom to the row, or back", run: () => zoom(model) },
    { keys: ["f"], label: "Only this row and below, or all", run: () => focusSubtree(model) },
    { keys: ["x"], label: "Fold all, or open all", run: () => foldAll(model) },
    { keys: ["y"], label: "Copy a link to the row", run: () => void copyText(linkTo(model)) },
    { keys: ["r"], label: "Refresh now", run: model.poll.refresh },
    { keys: ["b"], label: "Back to the list", run: () => history.back() },
  ];
}

const isError = (row: Row): boolean => row.failed && row.kind !== "dead-letter";

function focusGrid(): void {
  grid()?.focus({ preventScroll: false });
}

function openOrEnter(model: FlowModelState): void {
  const at = model.selectedIndex.peek();
  const row = model.rows.peek()?.at(at);
  if (!row || row.endIndex === at + 1) return;
  if (model.folded.peek().has(at)) model.fold([row.id], false);
  else model.select(at + 1);
}

function foldOrLeave(model: FlowModelState): void {
  const at = model.selectedIndex.peek();
  const row = model.rows.peek()?.at(at);
  if (!row) return;
  if (row.endIndex > at + 1 && !model.folded.peek().has(at)) model.fold([row.id], true);
  else if (row.parentIndex >= 0) model.select(row.parentIndex);
}

function stepBack(model: FlowModelState): void {
  if (model.detailsOpen.peek()) model.detailsOpen.value = false;
  else if (model.zoomed.peek()) model.zoomed.value = undefined;
  else if (model.focusId.peek() !== undefined) model.focusId.value = undefined;
  else model.clear();
}

function nextLongestWait(model: FlowModelState): void {
  const waits = [...(model.rows.peek()?.drafted() ?? [])]
    .map(([at, row]) => ({ at, isCode: row.kind === "invocation", waitMs: waitOf(row) }))
    .filter(({ isCode, waitMs }) => isCode && waitMs > 0)
    .sort((a, b) => b.waitMs - a.waitMs);
  const present = waits.findIndex(({ at }) => at === model.selectedIndex.peek());
  const next = waits[(present + 1) % waits.length];
  if (next) model.select(next.at);
  focusGrid();
}

function waitOf(row: Row): number {
  return row.segments.reduce(
    (sum, { kind, fromMs, toMs }) => sum + (kind === "queue" || kind === "retry" ? toMs - fromMs : 0),
    0,
  );
}

function upstream(model: FlowModelState): void {
  const rows = model.rows.peek();
  for (let at = model.selected.peek()?.parentIndex ?? -1; at >= 0; at = rows?.parentOf(at) ?? -1) {
    if (rows?.at(at)?.kind === "span") continue;
    model.select(at);
    return;
  }
}

function zoom(model: FlowModelState): void {
  const row = model.selected.peek();
  const isZoomed = model.zoomed.peek() !== undefined;
  model.zoomed.value = isZoomed || !row || row.toMs <= row.fromMs ? undefined : { fromMs: row.fromMs, toMs: row.toMs };
}

function focusSubtree(model: FlowModelState): void {
  const row = model.selected.peek();
  model.focusId.value = model.focusId.peek() === undefined ? row?.id : undefined;
}

function foldAll(model: FlowModelState): void {
  const all = [...(model.rows.peek()?.drafted() ?? [])];
  const foldable = all.filter(([at, row]) => row.endIndex > at + 1 && row.kind === "invocation");
  const isAnyFolded = foldable.some(([at]) => model.folded.peek().has(at));
  model.fold(
    foldable.map(([, row]) => row.id),
    !isAnyFolded,
  );
}

function linkTo(model: FlowModelState): string {
  const link = new URL(window.location.href);
  const row = model.selected.peek();
  if (row) link.searchParams.set("row", row.id);
  return link.href;
}
