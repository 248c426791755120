import type { JSX } from "preact";
import type { AlertPreview } from "@hopscope/schema/alert-api";
import { chartShape, CHART_HEIGHT, CHART_WIDTH } from "./chart-shape.ts";

/** The metric of a rule with its threshold, and where it would have fired. */
export function PreviewChart({ preview }: { preview: AlertPreview }): JSX.Element {
  const shape = chartShape(preview);
  const begun = preview.messages.filter(({ kind }) => kind === "firing").length;
  const words =
    shape === undefined
      ? "Nothing to judge in this range."
      : `Would have told ${begun === 0 ? "nobody" : `of ${begun} ${begun === 1 ? "alert" : "alerts"}`} in this range (fires ${preview.thresholdText}).`;
  return (
    <figure class="preview-chart">
      {shape && (
        <svg viewBox={`0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words}>
          {shape.bands.map(({ x, width }) => (
            <rect key={x} class="band" x={x} y={0} width={width} height={CHART_HEIGHT} />
          ))}
          <line class="threshold" x1={0} x2={CHART_WIDTH} y1={shape.thresholdY} y2={shape.thresholdY} />
          <path class="metric" d={shape.path} />
        </svg>
      )}
      <figcaption aria-live="polite">{words}</figcaption>
    </figure>
  );
}
