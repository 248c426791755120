import type { JSX } from "preact";
import type { FlowModelState } from "../models/flow.ts";
import { formatCount } from "../shared/format.ts";
import { findRow } from "./rows.ts";

/** Above the waterfall: how much there is, find, and what changes how it is drawn. */
export function WaterfallTools({ model }: { model: FlowModelState }): JSX.Element {
  const rows = model.rows.value;
  const visible = model.visible.value.length;
  const isCut = model.axis.value?.segments.some((segment) => segment.cut) ?? false;
  const isFocused = model.focusId.value !== undefined;
  const isZoomed = model.zoomed.value !== undefined;
  return (
    <header class="waterfall-tools">
      <h2 id="waterfall-title">
        Waterfall <small class="number">{rowCountWords(visible, rows?.length ?? 0)}</small>
      </h2>
      <Legend />
      <input
        id="waterfall-find"
        type="search"
        placeholder="Find"
        aria-label="Find in the waterfall"
        value={model.find.value}
        onInput={(event) => (model.find.value = event.currentTarget.value)}
        onKeyDown={(event) => findKey(event, model)}
      />
      {(isCut || !model.cutIdle.value) && (
        <button
          type="button"
          aria-pressed={model.cutIdle.value}
          onClick={() => (model.cutIdle.value = !model.cutIdle.value)}
        >
          Cut idle time
        </button>
      )}
      {model.isSkewed.value && (
        <button
          type="button"
          aria-pressed={model.clocks.value === "aligned"}
          title="Where the clocks of two hosts contradict each other: moved so that nothing begins before its cause"
          onClick={model.toggleClocks}
        >
          Align clocks
        </button>
      )}
      {isZoomed && (
        <button type="button" onClick={() => (model.zoomed.value = undefined)}>
          Whole time
        </button>
      )}
      {isFocused && (
        <button type="button" onClick={() => (model.focusId.value = undefined)}>
          Whole flow
        </button>
      )}
    </header>
  );
}

function Legend(): JSX.Element {
  return (
    <ul class="legend" aria-label="Legend">
      {(["run", "init", "queue", "retry"] as const).map((name) => (
        <li key={name}>
          <span class="swatch" data-time={name} aria-hidden="true" />
          {{ run: "code", init: "cold start", queue: "in queue", retry: "until retry" }[name]}
        </li>
      ))}
      <li>
        <span class="swatch critical-swatch" aria-hidden="true" />
        critical path
      </li>
    </ul>
  );
}

function findKey(event: KeyboardEvent, model: FlowModelState): void {
  if (event.key === "Enter") findNext(model, event.shiftKey ? -1 : 1);
  if (event.key === "Escape") {
    model.find.value = "";
    document.querySelector<HTMLElement>("#waterfall")?.focus();
  }
}

/** Selects the next row whose name holds what is looked for, wherever it is folded away. */
export function findNext(model: FlowModelState, step: 1 | -1): void {
  const text = model.find.peek().toLowerCase();
  const rows = model.rows.peek();
  if (text === "" || !rows) return;
  model.select(findRow(rows, model.selectedIndex.peek(), step, (row) => row.name.toLowerCase().includes(text)));
}

function rowCountWords(visible: number, all: number): string {
  return visible === all ? `${formatCount(all)} rows` : `${formatCount(visible)} of ${formatCount(all)} rows`;
}
