import type { JSX } from "preact";
import type { AlertPreview } from "@hopscope/schema/alert-api";
import { formatDuration, formatRate } from "../shared/format.ts";
import { chartShape, CHART_HEIGHT, CHART_WIDTH } from "./chart-shape.ts";
import { labelText } from "./rule-list.tsx";

/** Messages listed below the drawing. */
const MESSAGES_MAX = 8;

/** The metric of a rule with its thresholds, where it would have fired, and what would have been told. */
export function PreviewChart({ preview, range }: { preview: AlertPreview; range: string }): JSX.Element {
  const shape = chartShape(preview);
  const begun = preview.messages.filter(({ kind }) => kind === "firing").length;
  const fires = preview.thresholds.map(({ text }) => text).join(", ");
  const told = begun === 0 ? "nobody" : `of ${begun} ${begun === 1 ? "alert" : "alerts"}`;
  const words =
    shape === undefined
      ? `Nothing to judge in the last ${range}.`
      : `Would have told ${told} in the last ${range} (fires ${fires}).`;
  return (
    <figure class="preview-chart">
      {shape && (
        <div class="plot">
          <svg viewBox={`0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
            {shape.bands.map(({ x, width }) => (
              <rect key={x} class="band" x={x} y={0} width={width} height={CHART_HEIGHT} />
            ))}
            {shape.thresholds.map(({ y, text }) => (
              <line key={text} class="threshold" x1={0} x2={CHART_WIDTH} y1={y} y2={y} />
            ))}
            <path class="metric" d={shape.path} />
          </svg>
          <span class="scale number">
            {valueText(shape.top, preview.unit)}
          </span>
          {shape.thresholds.map(({ y, text, value }) => (
            <span
              key={text}
              class="scale limit number"
              data-side={y > CHART_HEIGHT / 2 ? "above" : "below"}
              style={{ "--share": String(y / CHART_HEIGHT) }}
            >
              {valueText(value, preview.unit)}
            </span>
          ))}
          <TimeScale points={preview.points} />
        </div>
      )}
      <figcaption aria-live="polite">{words}</figcaption>
      <Messages messages={preview.messages} />
    </figure>
  );
}

function TimeScale({ points }: { points: AlertPreview["points"] }): JSX.Element {
  const marks = [points[0], points[Math.floor(points.length / 2)], points.at(-1)];
  return (
    <div class="time-scale number">
      {marks.map((point) => point && <time key={point.at}>{clockText(point.at)}</time>)}
    </div>
  );
}

function Messages({ messages }: { messages: AlertPreview["messages"] }): JSX.Element | null {
  if (messages.length === 0) return null;
  const more = messages.length - MESSAGES_MAX;
  return (
    <ol class="preview-messages" aria-label="What would have been told">
      {messages.slice(0, MESSAGES_MAX).map(({ at, ruleId, kind, labels }) => (
        <li key={`${at}${ruleId}${kind}${JSON.stringify(labels)}`} data-kind={kind}>
          <time dateTime={at}>{clockText(at)}</time> <strong>{kind}</strong> {labels.map(labelText).join(", ")}
        </li>
      ))}
      {more > 0 && <li>and {more} more</li>}
    </ol>
  );
}

function clockText(at: string): string {
  const date = new Date(at);
  const isToday = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  return isToday ? time : `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })} ${time}`;
}

function valueText(value: number, unit: AlertPreview["unit"]): string {
  if (unit === "share") return formatRate(value);
  if (unit === "ms") return formatDuration(value);
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
