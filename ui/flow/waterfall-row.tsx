import type { JSX } from "preact";
import { formatCount, formatDuration } from "../shared/format.ts";
import { Icon, type IconName } from "../shared/icon.tsx";
import type { Row, RowKind, Segment } from "./row.ts";
import { axisX, type TimeAxis } from "./time-axis.ts";
import { TIME_WORDS } from "./time-words.ts";

/** A wait says its length in its bar where there is room for the words, in pixels. */
const WAIT_LABEL_MIN_PX = 58;
/** Room that a row's duration needs beside its bar, in pixels. */
const DURATION_ROOM_PX = 62;

/** All that a row is drawn from. */
export interface WaterfallRowProps {
  row: Row;
  /** Position among the visible rows. */
  position: number;
  /** Rows below it in the tree. */
  descendants: number;
  rowHeightPx: number;
  trackPx: number;
  axis: TimeAxis;
  hue: number;
  isFolded: boolean;
  isSelected: boolean;
  isFound: boolean;
  /** For what has not been received: how long it has been waiting, in words. */
  openFor?: string | undefined;
  onSelect: () => void;
  onFold: () => void;
}

/** Returns the id of the element that draws a row, for `aria-activedescendant`. */
export const rowElementId = (position: number): string => `waterfall-row-${position}`;

/** One row of the waterfall: what it is, and when it waited, started up and ran. */
export function WaterfallRow(props: WaterfallRowProps): JSX.Element {
  const { row, position, descendants, isFolded } = props;
  return (
    <div
      role="row"
      id={rowElementId(position)}
      class="waterfall-row"
      aria-level={row.depth + 1}
      aria-rowindex={position + 2}
      aria-selected={props.isSelected}
      aria-expanded={descendants > 0 ? !isFolded : undefined}
      data-kind={row.kind}
      data-failed={row.failed}
      data-found={props.isFound}
      style={{ transform: `translateY(${position * props.rowHeightPx}px)`, "--hue": String(props.hue) }}
      onClick={props.onSelect}
    >
      <div role="gridcell" class="name" style={{ "--depth": String(row.depth) }}>
        <Twist {...props} />
        <Icon name={ROW_ICONS[row.kind]} size={14} />
        <span class="label" title={row.name}>
          {row.name}
        </span>
        {row.note !== undefined && <span class="note">{row.note}</span>}
        {isFolded && descendants > 0 && row.kind !== "group" && <span class="badge">+{formatCount(descendants)}</span>}
        {row.tags.map((tag) => (
          <span key={tag.text} class="badge" data-tone={tag.tone}>
            {tag.text}
          </span>
        ))}
        {props.openFor !== undefined && (
          <span class="badge" data-tone="warn">
            {props.openFor}
          </span>
        )}
        {row.error !== undefined && (
          <span class="why" title={row.error}>
            {row.error}
          </span>
        )}
      </div>
      <div role="gridcell" class="track">
        <Track {...props} />
      </div>
    </div>
  );
}

/** A mouse folds here; a keyboard by arrow keys, which the row's `aria-expanded` announces. */
function Twist({ descendants, isFolded, onFold }: WaterfallRowProps): JSX.Element {
  const fold = (event: MouseEvent): void => {
    if (descendants === 0) return;
    event.stopPropagation();
    onFold();
  };
  return (
    <span class="twist" data-open={!isFolded} onClick={fold}>
      {descendants > 0 && <Icon name="chevron" size={14} />}
    </span>
  );
}

function Track({ row, axis, trackPx }: WaterfallRowProps): JSX.Element {
  const fromX = axisX(axis, row.fromMs);
  const toX = axisX(axis, row.toMs);
  const shownMs = shownDuration(row);
  const isAfter = (1 - toX) * trackPx > DURATION_ROOM_PX;
  const isBefore = !isAfter && fromX * trackPx > DURATION_ROOM_PX;
  return (
    <>
      {row.segments.map((segment) => (
        <Bar key={`${segment.kind}${segment.fromMs}`} segment={segment} axis={axis} trackPx={trackPx} />
      ))}
      {row.critical && (
        <span class="critical" style={{ left: `${fromX * 100}%`, width: `max(3px, ${(toX - fromX) * 100}%)` }} />
      )}
      {shownMs !== undefined && (
        <span
          class="duration number"
          data-side={isAfter ? "after" : isBefore ? "before" : "inside"}
          style={isAfter ? { left: `${toX * 100}%` } : { right: `${(1 - (isBefore ? fromX : toX)) * 100}%` }}
        >
          {formatDuration(shownMs)}
        </span>
      )}
    </>
  );
}

function Bar({ segment, axis, trackPx }: { segment: Segment; axis: TimeAxis; trackPx: number }): JSX.Element {
  const fromX = axisX(axis, segment.fromMs);
  const width = axisX(axis, segment.toMs) - fromX;
  const isWait = segment.kind === "queue" || segment.kind === "retry";
  const text = formatDuration(segment.toMs - segment.fromMs);
  const words = segment.kind === "open" ? "not received yet" : TIME_WORDS[segment.kind];
  return (
    <span
      class="segment"
      data-time={segment.kind}
      title={`${text} ${words}`}
      style={{ left: `${fromX * 100}%`, width: `max(3px, ${width * 100}%)` }}
    >
      {isWait && width * trackPx >= WAIT_LABEL_MIN_PX && (
        <span class="wait number" aria-hidden="true">
          <span>{text}</span>
        </span>
      )}
      <span class="visually-hidden">
        {text} {words}
      </span>
    </span>
  );
}

/** The duration beside the bar: how long the code ran; waits say their own. */
function shownDuration(row: Row): number | undefined {
  const run = row.segments.findLast(({ kind }) => kind === "run" || kind === "init");
  return run && row.kind !== "reference" && row.kind !== "group" ? run.toMs - run.fromMs : undefined;
}

const ROW_ICONS: Record<RowKind, IconName> = {
  invocation: "function",
  request: "service",
  topic: "topic",
  queue: "queue",
  "dead-letter": "dead",
  external: "external",
  span: "span",
  missing: "missing",
  reference: "arrow",
  group: "stack",
};
