import type { FlowIndex } from "./flow-index.ts";
import { groupSiblings } from "./row-groups.ts";
import { growRowTree, placedRow, type RowDraft, type RowItem, type RowTree } from "./row-tree.ts";
import { spanWords } from "./row-words.ts";
import type { Row } from "./row.ts";

/** The waterfall's rows in reading order: children below their parent, earlier before later. Made when read. */
export class RowTable {
  readonly length: number;
  readonly #index: FlowIndex;
  readonly #tree: RowTree;
  readonly #order: Order;
  readonly #made = new Map<number, Row>();
  #places: Map<string, number> | undefined;

  constructor(index: FlowIndex) {
    this.#index = index;
    this.#tree = growRowTree(index);
    this.#order = readingOrder(index, this.#tree);
    this.length = this.#order.items.length;
  }

  /** Returns the row; undefined past the ends. */
  at(place: number): Row | undefined {
    const item = this.#order.items[place];
    if (item === undefined) return undefined;
    if (typeof item !== "number") return item.row;
    const known = this.#made.get(place);
    if (known) return known;
    const row = placedRow(spanWords(this.#index, item, this.#tree.owner[item]));
    this.#put(row, place);
    this.#made.set(place, row);
    return row;
  }

  /** Returns the index after the last row below this one. */
  endOf(place: number): number {
    return this.#order.end[place] ?? place + 1;
  }

  /** Returns the index of the row above this one in the tree; -1 for a root. */
  parentOf(place: number): number {
    return this.#order.parent[place] ?? -1;
  }

  /** Returns where the row of an id is; -1 where there is none. */
  indexOf(id: string): number {
    this.#places ??= new Map(this.#order.items.map((item, place) => [this.#idOf(item), place]));
    return this.#places.get(id) ?? -1;
  }

  /** The rows that are more than a span's, with where they are: nodes, gaps and groups. */
  *drafted(): Generator<[place: number, row: Row]> {
    for (const [place, item] of this.#order.items.entries()) if (typeof item !== "number") yield [place, item.row];
  }

  *[Symbol.iterator](): Generator<Row> {
    for (let place = 0; place < this.length; place += 1) {
      const row = this.at(place);
      if (row) yield row;
    }
  }

  #idOf(item: RowItem): string {
    return typeof item === "number" ? this.#index.spans.id(item) : item.row.id;
  }

  #put(row: Row, place: number): void {
    row.depth = this.#order.depth[place] ?? 0;
    row.parentIndex = this.parentOf(place);
    row.endIndex = this.endOf(place);
  }
}

/** Columns by a row's place. */
interface Order {
  items: RowItem[];
  depth: number[];
  parent: number[];
  end: number[];
}

/** Returns the waterfall's rows. */
export function buildRows(index: FlowIndex): RowTable {
  return new RowTable(index);
}

function readingOrder(index: FlowIndex, tree: RowTree): Order {
  const order: Order = { items: [], depth: [], parent: [], end: [] };
  const walked: Walk = { index, tree, order, seenSpans: new Uint8Array(index.spans.count), seenDrafts: new Set() };
  walk(walked, tree.roots);
  // Spans whose parents form a ring hang below no root: the first of each ring becomes one.
  for (let at = 0; at < index.spans.count; at += 1) {
    if (walked.seenSpans[at] === 0 && !tree.entries.has(at)) walk(walked, [at]);
  }
  const { items, depth, parent, end } = order;
  for (let place = items.length - 1; place >= 0; place -= 1) {
    const above = parent[place] ?? -1;
    if (above >= 0) end[above] = Math.max(end[above] ?? 0, end[place] ?? 0);
  }
  for (const [place, item] of items.entries()) {
    if (typeof item === "number") continue;
    item.row.depth = depth[place] ?? 0;
    item.row.parentIndex = parent[place] ?? -1;
    item.row.endIndex = end[place] ?? 0;
  }
  return order;
}

interface Walk {
  index: FlowIndex;
  tree: RowTree;
  order: Order;
  seenSpans: Uint8Array;
  seenDrafts: Set<RowDraft>;
}

/** Whether an item comes for the first time, and is a row of its own. */
function isNew({ tree, seenSpans, seenDrafts }: Walk, item: RowItem): boolean {
  if (typeof item !== "number") {
    if (seenDrafts.has(item)) return false;
    seenDrafts.add(item);
    return true;
  }
  if (seenSpans[item] === 1 || tree.entries.has(item)) return false;
  seenSpans[item] = 1;
  return true;
}

function walk(walked: Walk, roots: RowItem[]): void {
  const { index, tree, order } = walked;
  const stack: { item: RowItem; depth: number; parent: number }[] = [];
  const push = (children: RowItem[], depth: number, parent: number, isGroup = false): void => {
    sortSiblings(index, children);
    const items = isGroup ? children : groupSiblings(index, children, () => idAt(index, order.items[parent]));
    for (let last = items.length - 1; last >= 0; last -= 1) stack.push({ item: items[last] ?? 0, depth, parent });
  };
  push(roots, 0, -1);
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { item, depth, parent } = next;
    if (!isNew(walked, item)) continue;
    const place = order.items.push(item) - 1;
    order.depth.push(depth);
    order.parent.push(parent);
    order.end.push(place + 1);
    if (typeof item !== "number") push(item.children, depth + 1, place, item.isGroup);
    else {
      const below = tree.below[item];
      if (below) push(below, depth + 1, place);
    }
  }
}

function idAt({ spans }: FlowIndex, item: RowItem | undefined): string {
  if (item === undefined) return "";
  return typeof item === "number" ? spans.id(item) : item.row.id;
}

function sortSiblings({ spans }: FlowIndex, siblings: RowItem[]): void {
  const orderOf = (item: RowItem | undefined): number =>
    typeof item === "number" ? (spans.startMs[item] ?? 0) : (item?.orderMs ?? 0);
  let isSorted = true;
  for (let at = 1; at < siblings.length && isSorted; at += 1) {
    isSorted = orderOf(siblings[at - 1]) <= orderOf(siblings[at]);
  }
  if (!isSorted) siblings.sort((a, b) => orderOf(a) - orderOf(b));
}

/** Returns the indexes of the rows to draw: all but the descendants of folded rows. One pass. */
export function visibleRows(rows: RowTable, folded: ReadonlySet<number>, focusIndex = -1): Int32Array {
  const isFocused = focusIndex >= 0 && focusIndex < rows.length;
  const visible = new Int32Array(rows.length);
  let count = 0;
  const end = isFocused ? rows.endOf(focusIndex) : rows.length;
  for (let at = isFocused ? focusIndex : 0; at < end;) {
    visible[count] = at;
    count += 1;
    at = folded.has(at) ? rows.endOf(at) : at + 1;
  }
  return visible.subarray(0, count);
}

/** Returns the index of `at` or of its nearest ancestor that is drawn; -1 where none is. */
export function nearestVisible(rows: RowTable, visible: Int32Array, at: number): number {
  for (let index = at; index >= 0; index = rows.parentOf(index)) {
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
export function findRow(rows: RowTable, from: number, step: 1 | -1, wanted: (row: Row) => boolean): number {
  for (let moved = 1; moved <= rows.length; moved += 1) {
    const at = (from + step * moved + rows.length * 2) % rows.length;
    const row = rows.at(at);
    if (row && wanted(row)) return at;
  }
  return -1;
}
