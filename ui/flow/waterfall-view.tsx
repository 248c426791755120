import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { nowMs } from "../models/clock.ts";
import type { FlowModelState } from "../models/flow.ts";
import { formatDuration } from "../shared/format.ts";
import { epochMillis } from "../shared/instant.ts";
import { usePainted } from "../shared/use-painted.ts";
import { isCode } from "./flow-index.ts";
import type { Row } from "./row.ts";
import { serviceHues } from "./service-color.ts";
import { CutBands, TimeAxisView } from "./time-axis-view.tsx";
import type { TimeAxis } from "./time-axis.ts";
import { rowElementId, WaterfallRow } from "./waterfall-row.tsx";
import { WaterfallTools } from "./waterfall-tools.tsx";
import "./waterfall.css";

/** Height of a row, in pixels; where there is no room for name and bar side by side, they are two lines. */
const ROW_PX = 28;
const ROW_NARROW_PX = 50;
/** Rows drawn beyond each end of what is seen, so that scrolling shows no blank. */
const OVERSCAN_ROWS = 8;
/** Rows of the first frame, and until the room for them is known: the waterfall begins low on a page. */
const ROWS_AT_FIRST = 20;

/** Every span, wait and attempt over time: a tree grid with one tab stop; only the rows in sight exist. */
export function WaterfallView({ model }: { model: FlowModelState }): JSX.Element | null {
  const grid = useRef<HTMLDivElement>(null);
  const size = useGridSize(grid);
  const { isNarrow, trackPx, heightPx } = size.value;
  const rowPx = isNarrow ? ROW_NARROW_PX : ROW_PX;
  const isPainted = usePainted();
  const firstRow = useSignal(0);
  const axis = model.axis.value;
  const visible = model.visible.value;
  const cursor = model.cursorPosition.value;
  useEffect(() => scrollToRow(grid.current, cursor, rowPx), [cursor, rowPx]);
  if (!axis) return null;
  return (
    <section class="waterfall panel" aria-labelledby="waterfall-title" data-narrow={isNarrow}>
      <WaterfallTools model={model} />
      <div class="waterfall-frame">
        <div
          ref={grid}
          id="waterfall"
          class="waterfall-grid"
          role="treegrid"
          aria-labelledby="waterfall-title"
          aria-rowcount={visible.length + 1}
          aria-activedescendant={cursor >= 0 ? rowElementId(cursor) : undefined}
          tabIndex={0}
          onScroll={(event) => (firstRow.value = Math.floor(event.currentTarget.scrollTop / rowPx))}
        >
          <div class="head" role="rowgroup">
            <div role="row" aria-rowindex={1}>
              <span role="columnheader" class="visually-hidden">
                What
              </span>
              <div role="columnheader" class="axis-cell" aria-label="When, since the flow's start">
                <TimeAxisView axis={axis} widthPx={trackPx} />
              </div>
            </div>
          </div>
          <CutBands axis={axis} />
          <div class="rows" role="rowgroup" style={{ height: `${visible.length * rowPx}px` }}>
            <RowsInSight
              model={model}
              axis={axis}
              firstRow={firstRow.value}
              count={isPainted && heightPx > 0 ? Math.ceil(heightPx / rowPx) : ROWS_AT_FIRST}
              overscan={isPainted ? OVERSCAN_ROWS : 0}
              rowPx={rowPx}
              trackPx={trackPx}
            />
          </div>
        </div>
      </div>
    </section>
  );
}

interface RowsInSightProps {
  model: FlowModelState;
  axis: TimeAxis;
  firstRow: number;
  count: number;
  /** Rows drawn beyond each end. */
  overscan: number;
  rowPx: number;
  trackPx: number;
}

/** A pool of row elements: an element is keyed by its place in the pool and re-pointed when it scrolls out. */
function RowsInSight(props: RowsInSightProps): JSX.Element {
  const { model, axis, firstRow, count, overscan, rowPx, trackPx } = props;
  const rows = model.rows.value;
  const visible = model.visible.value;
  const folded = model.folded.value;
  const selected = model.cursorPosition.value;
  const find = model.find.value.toLowerCase();
  const hues = useComputed(() =>
    serviceHues(model.index.value?.flow.nodes.filter(isCode).map((node) => node.service) ?? []),
  ).value;
  const poolSize = count + 2 * overscan;
  const from = Math.max(0, Math.min(firstRow, visible.length - count) - overscan);
  const to = Math.min(visible.length, firstRow + count + overscan);
  const drawn: JSX.Element[] = [];
  for (let position = from; position < to; position += 1) {
    const at = visible[position] ?? 0;
    const row = rows?.at(at);
    if (!row) continue;
    drawn.push(
      <WaterfallRow
        key={position % poolSize}
        row={row}
        position={position}
        descendants={row.endIndex - at - 1}
        rowHeightPx={rowPx}
        trackPx={trackPx}
        axis={axis}
        hue={hues.get(row.service) ?? 275}
        isFolded={folded.has(at)}
        isSelected={position === selected}
        isFound={find !== "" && row.name.toLowerCase().includes(find)}
        openFor={row.kind === "missing" ? openFor(model, row) : undefined}
        onSelect={() => model.select(at, true)}
        onFold={() => model.fold([row.id], !folded.has(at))}
      />,
    );
  }
  return <>{drawn}</>;
}

function openFor(model: FlowModelState, row: Row): string | undefined {
  const start = model.index.peek()?.flow.startTime;
  const isOpen = row.segments.some((segment) => segment.kind === "open" && segment.toMs > segment.fromMs);
  if (start === undefined || !isOpen) return undefined;
  return `for ${formatDuration(Math.max(0, nowMs.value - epochMillis(start) - row.fromMs))}`;
}

interface GridSize {
  isNarrow: boolean;
  trackPx: number;
  heightPx: number;
}

/** Below this width, in pixels, a row is two lines. */
const NARROW_PX = 640;

function useGridSize(grid: { current: HTMLDivElement | null }): { value: GridSize } {
  const size = useSignal<GridSize>({ isNarrow: window.innerWidth < NARROW_PX, trackPx: 800, heightPx: 0 });
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return undefined;
    const measure = (): void => {
      const axis = element.querySelector(".axis");
      const isNarrow = element.clientWidth < NARROW_PX;
      size.value = { isNarrow, trackPx: axis?.clientWidth ?? 800, heightPx: element.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [grid.current]);
  return size;
}

/** Scrolls within the grid, so that the row is neither under the axis nor below the edge. */
function scrollToRow(grid: HTMLDivElement | null, position: number, rowPx: number): void {
  if (!grid || position < 0) return;
  const headPx = grid.querySelector<HTMLElement>(".head")?.offsetHeight ?? 0;
  const topPx = position * rowPx;
  const seenPx = grid.clientHeight - headPx;
  if (topPx < grid.scrollTop) grid.scrollTop = topPx;
  else if (topPx + rowPx > grid.scrollTop + seenPx) grid.scrollTop = topPx + rowPx - seenPx;
}
