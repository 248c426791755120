import type { JSX } from "preact";
import type { FlowModelState } from "../models/flow.ts";
import { formatClock, plural } from "../shared/format.ts";
import { epochMillis } from "../shared/instant.ts";
import { usePainted } from "../shared/use-painted.ts";
import type { StoryLine } from "./story.ts";
import "./story-view.css";

/** Lines of the first frame: more do not fit their box, and are there with the next. */
const LINES_AT_FIRST = 20;

/** What happened, in words and in order; a line selects the row it is about. */
export function StoryView({ model }: { model: FlowModelState }): JSX.Element | null {
  const isPainted = usePainted();
  const index = model.index.value;
  if (!index) return null;
  const { lines, omitted } = model.story.value;
  const startMs = epochMillis(index.flow.startTime);
  const selectedNode = model.selected.value?.nodeId;
  return (
    <section class="story panel" aria-labelledby="story-title">
      <h2 id="story-title">What happened</h2>
      <ol>
        {(isPainted ? lines : lines.slice(0, LINES_AT_FIRST)).map((line) => (
          <Line key={line.id} line={line} startMs={startMs} isSelected={line.nodeId === selectedNode} model={model} />
        ))}
      </ol>
      {omitted > 0 && <p class="omitted">and {plural(omitted, "more step")}, all in the waterfall below</p>}
    </section>
  );
}

function Line(props: { line: StoryLine; startMs: number; isSelected: boolean; model: FlowModelState }): JSX.Element {
  const { line, startMs, isSelected, model } = props;
  return (
    <li data-tone={line.tone} data-selected={isSelected}>
      <button type="button" onClick={() => model.selectNode(line.nodeId)} aria-pressed={isSelected}>
        <span class="at number">{formatClock(startMs + line.atMs)}</span>
        <span class="mark" aria-hidden="true" />
        <span class="words">
          {line.words.map((word, at) => (typeof word === "string" ? word : <b key={at}>{word.strong}</b>))}
          {line.error !== undefined && <span class="why">{line.error}</span>}
        </span>
      </button>
    </li>
  );
}
