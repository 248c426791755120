import { useModel } from "@preact/signals";
import type { JSX } from "preact";
import type { FlowSummary } from "@hopscope/schema/api";
import { CompareModel, type FlowComparison, type RangeComparison } from "../compare/compare-model.ts";
import { Differences } from "../compare/difference-table.tsx";
import { MeasureTable } from "../compare/measure-table.tsx";
import { flowMeasures, stepMeasures, waitMeasures, workMeasures } from "../compare/measures.ts";
import type { Stretch } from "../compare/value-link.ts";
import { queryValue, setQuery } from "../route/router.ts";
import { comparePath, flowListPath, flowPath } from "../route/view.ts";
import { EmptyState } from "../shared/empty-state.tsx";
import { ErrorBanner } from "../shared/error-banner.tsx";
import { formatClock, formatCount, formatDay, formatDuration } from "../shared/format.ts";
import { Icon } from "../shared/icon.tsx";
import { epochMillis } from "../shared/instant.ts";
import { RangePicker } from "../shared/range-picker.tsx";
import { useTitle } from "../shared/use-title.ts";
import "./compare.css";

/** Before and after two flows, what led to the same values is looked for, milliseconds. */
const AROUND_MS = 1_800_000;

/** Two flows, or two stretches of time, side by side: what differs, most surely first. */
export function ComparePage(): JSX.Element {
  const model = useModel(CompareModel);
  useTitle("Compare");
  const error = model.poll.error.value;
  const answer = model.poll.answer.value;
  const ranked = model.ranked.value;
  const isFlows = model.pair.value !== undefined;
  const isCurrent = answer !== undefined && (answer.kind === "flows") === isFlows;
  return (
    <div class="compare-page" aria-busy={model.poll.loading.value}>
      <div class="page-head">
        <h1>Compare</h1>
        <Modes isFlows={isFlows} against={model.against.value} />
      </div>
      {error && <ErrorBanner error={error} hasData={isCurrent} retry={model.poll.refresh} />}
      {!isCurrent && !error && <p class="loading">Comparing …</p>}
      {isCurrent && answer.kind === "flows" && <TwoFlows answer={answer} ranked={ranked} />}
      {isCurrent && answer.kind === "range" && <TwoRanges answer={answer} ranked={ranked} />}
    </div>
  );
}

type Ranked = InstanceType<typeof CompareModel>["ranked"]["value"];

function Modes({ isFlows, against }: { isFlows: boolean; against: "before" | "failed" }): JSX.Element {
  const pick = (chosen: string | undefined): void =>
    setQuery({ against: chosen, flow: undefined, with: undefined }, "push");
  return (
    <div class="filters">
      <fieldset class="segmented">
        <legend class="visually-hidden">What is compared</legend>
        <button type="button" aria-pressed={!isFlows && against === "before"} onClick={() => pick(undefined)}>
          With the time before
        </button>
        <button type="button" aria-pressed={!isFlows && against === "failed"} onClick={() => pick("failed")}>
          Failed with the rest
        </button>
      </fieldset>
      <a class="choose-flows" href={flowListPath({ compare: "" })}>
        Choose two flows
      </a>
      {!isFlows && <RangePicker />}
    </div>
  );
}

function TwoFlows({ answer, ranked }: { answer: FlowComparison; ranked: Ranked }): JSX.Element {
  const { flow, other, truncated } = answer.flows;
  const sides: [string, string] = ["A", "B"];
  const starts = [flow, other].map(({ startTime }) => epochMillis(startTime));
  const stretch: Stretch = {
    from: new Date(Math.min(...starts) - AROUND_MS).toISOString(),
    to: new Date(Math.max(...starts) + AROUND_MS).toISOString(),
  };
  return (
    <>
      <div class="sides">
        <Side letter="A" flow={flow} />
        <Side letter="B" flow={other} />
        <a href={comparePath(other.id, flow.id)}>Swap sides</a>
      </div>
      {truncated && <Truncated limit={truncated.limit} value={truncated.value} />}
      <MeasureTable id="totals" title="In all" measures={flowMeasures(answer.flows)} sides={sides} />
      {ranked && <Differences {...ranked} sides={sides} stretch={stretch} />}
      <MeasureTable id="steps" title="Step by step" measures={stepMeasures(answer.flows)} sides={sides} />
      <MeasureTable id="waits" title="Waits between the steps" measures={waitMeasures(answer.flows)} sides={sides} />
    </>
  );
}

function Side({ letter, flow }: { letter: string; flow: FlowSummary }): JSX.Element {
  const startedMs = epochMillis(flow.startTime);
  const failed = flow.status === "error";
  return (
    <section class="side panel" aria-label={`Flow ${letter}`}>
      <h2>
        <span class="letter">{letter}</span> <a href={flowPath(flow.id)}>{flow.name}</a>
      </h2>
      <p>
        <span class="status" data-tone={failed ? "error" : "ok"}>
          <Icon name={failed ? "cross" : "check"} /> {failed ? "failed" : "ok"}
        </span>
        <time dateTime={flow.startTime}>
          {formatDay(startedMs)}, <span class="number">{formatClock(startedMs)}</span>
        </time>
        <span class="number">{formatDuration(flow.durationMs)}</span>
        <code title={flow.id}>{flow.id.slice(0, 8)}…</code>
      </p>
      {flow.error && (
        <p class="why" data-mended={!failed}>
          {!failed && "went through after "}
          {flow.error.type}: {flow.error.message}
        </p>
      )}
    </section>
  );
}

function TwoRanges({ answer, ranked }: { answer: RangeComparison; ranked: Ranked }): JSX.Element {
  const { spans, query, base, work } = answer;
  const stretch: Stretch = { from: query.from, to: query.to };
  const sides: [string, string] = base ? ["Now", "Before"] : ["Failed", "The rest"];
  const narrowed = [queryValue("service"), queryValue("function")].filter((word) => word !== undefined).join(", ");
  if (spans.selected === 0) {
    return (
      <EmptyState title={base ? "No span in this time" : "Nothing failed in this time"}>
        <p>There is nothing to compare. Look further back, or compare with the time before.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <p class="counts">
        <span class="number">{formatCount(spans.selected)}</span> spans {base ? "now" : "failed"},{" "}
        <span class="number">{formatCount(spans.base)}</span> {base ? "before" : "did not"}
        {narrowed !== "" && `, of ${narrowed} alone`}
        {base && spans.base === 0 && ": nothing is stored of the time before"}
      </p>
      {spans.truncated && <Truncated limit={spans.truncated.limit} value={spans.truncated.value} />}
      {ranked && <Differences {...ranked} sides={sides} stretch={stretch} />}
      {work && (
        <MeasureTable
          id="work"
          title="Functions and queues"
          measures={workMeasures(work.now, work.before, stretch)}
          sides={sides}
        />
      )}
    </>
  );
}

function Truncated({ limit, value }: { limit: string; value: number }): JSX.Element {
  return (
    <p class="truncated" role="note">
      Not all was compared: cut at {limit} = {formatCount(value)}.
    </p>
  );
}
