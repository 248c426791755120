import type { FlowIndex } from "./flow-index.ts";
import { groupSiblings } from "./row-groups.ts";
import { growRowTree, type RowDraft } from "./row-tree.ts";
import type { Row } from "./row.ts";

/** Returns the waterfall's rows in reading order: children below their parent, earlier before later. */
export function buildRows(index: FlowIndex): Row[] {
  const rows: Row[] = [];
  const seen = new Set<RowDraft>();
  const stack: { draft: RowDraft; depth: number; parentIndex: number }[] = [];
  const push = (children: RowDraft[], depth: number, parentIndex: number, isGroup = false): void => {
    if (children.length > 1) children.sort((a, b) => a.orderMs - b.orderMs);
    const drafts = isGroup ? children : groupSiblings(children, rows[parentIndex]?.id ?? "");
    for (let last = drafts.length - 1; last >= 0; last -= 1) {
      const draft = drafts[last];
      if (draft) stack.push({ draft, depth, parentIndex });
    }
  };
  push(growRowTree(index), 0, -1);
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { draft, depth, parentIndex } = next;
    if (seen.has(draft)) continue;
    seen.add(draft);
    const at = rows.length;
    const { row } = draft;
    row.depth = depth;
    row.parentIndex = parentIndex;
    row.endIndex = at + 1;
    rows.push(row);
    push(draft.children, depth + 1, at, draft.isGroup);
  }
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at];
    const parent = row && rows[row.parentIndex];
    if (row && parent) parent.endIndex = Math.max(parent.endIndex, row.endIndex);
  }
  return rows;
}

/** Returns the indexes of the rows to draw: all but the descendants of folded rows. One pass. */
export function visibleRows(rows: Row[], folded: ReadonlySet<string>, focusIndex = -1): Int32Array {
  const focus = rows[focusIndex];
  const visible = new Int32Array(rows.length);
  let count = 0;
  const end = focus ? focus.endIndex : rows.length;
  for (let at = focus ? focusIndex : 0; at < end;) {
    visible[count] = at;
    count += 1;
    const row = rows[at];
    at = row && folded.has(row.id) ? row.endIndex : at + 1;
  }
  return visible.subarray(0, count);
}

/** Returns the index of `at` or of its nearest ancestor that is drawn; -1 where none is. */
export function nearestVisible(rows: Row[], visible: Int32Array, at: number): number {
  for (let index = at; index >= 0; index = rows[index]?.parentIndex ?? -1) {
    const position = positionOf(visible, index);
    if (position >= 0) return position;
  }
  return -1;
}

/** Returns where a row is drawn, -1 where it is not: `visible` ascends, so this is a binary search. */
export function positionOf(visible: Int32Array, rowIndex: number): number {
  let low = 0;
  let high = visible.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = visible[middle] ?? 0;
    if (value === rowIndex) return middle;
    if (value < rowIndex) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Returns the next row after `from` (before it, where `step` is -1) that `wanted` accepts, going round; or -1. */
export function findRow(rows: Row[], from: number, step: 1 | -1, wanted: (row: Row) => boolean): number {
  for (let moved = 1; moved <= rows.length; moved += 1) {
    const at = (from + step * moved + rows.length * 2) % rows.length;
    const row = rows[at];
    if (row && wanted(row)) return at;
  }
  return -1;
}
