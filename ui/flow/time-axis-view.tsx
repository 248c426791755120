import type { JSX } from "preact";
import { axisTicks, cutLabel, type TimeAxis } from "./time-axis.ts";

/** Room that the two lines of a cut's label need, in pixels. */
const LENGTH_ROOM_PX = 38;
const REASON_ROOM_PX = 62;

/** The axis over the bars: instants since the flow's start, and what each cut hides. */
export function TimeAxisView({ axis, widthPx }: { axis: TimeAxis; widthPx: number }): JSX.Element {
  return (
    <div class="axis">
      {axisTicks(axis, widthPx).map(({ x, label }) => (
        <span key={x} class="tick number" style={{ left: `${x * 100}%` }}>
          {label}
        </span>
      ))}
      {axis.segments.map((segment) => {
        if (!segment.cut) return null;
        const [length, reason] = splitLabel(cutLabel(segment));
        const roomPx = (segment.toX - segment.fromX) * widthPx;
        return (
          <span
            key={segment.fromMs}
            class="cut-label"
            style={{ left: percent(segment.fromX), width: percent(segment.toX - segment.fromX) }}
          >
            {roomPx >= LENGTH_ROOM_PX && <b class="number">{length}</b>}
            <span class={roomPx >= REASON_ROOM_PX ? undefined : "visually-hidden"}>{reason}</span>
          </span>
        );
      })}
    </div>
  );
}

/** Bands behind the rows where the axis is cut. */
export function CutBands({ axis }: { axis: TimeAxis }): JSX.Element {
  return (
    <div class="cut-bands" aria-hidden="true">
      {axis.segments.map((segment) =>
        segment.cut ? (
          <span
            key={segment.fromMs}
            style={{ left: percent(segment.fromX), width: percent(segment.toX - segment.fromX) }}
          />
        ) : null,
      )}
    </div>
  );
}

const percent = (x: number): string => `${x * 100}%`;

function splitLabel(label: string): [string, string] {
  const at = label.search(/ (in queue|until retry|idle)$/);
  return [label.slice(0, at), label.slice(at + 1)];
}
