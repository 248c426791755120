import { useModel } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { FunctionSummary } from "@hopscope/schema/api";
import { FunctionsModel } from "../models/functions.ts";
import type { SortKey } from "../models/sort-functions.ts";
import { EmptyState } from "../shared/empty-state.tsx";
import { ErrorBanner } from "../shared/error-banner.tsx";
import { FirstSpans } from "../shared/first-spans.tsx";
import { formatBytes, formatCount, formatDuration, formatRate } from "../shared/format.ts";
import { RangePicker } from "../shared/range-picker.tsx";
import { useTitle } from "../shared/use-title.ts";
import "./functions.css";

/** A share of the memory limit from which a function is near being killed. */
const MEMORY_NEAR_LIMIT = 0.85;

interface Column {
  key: SortKey;
  title: string;
  cell: (one: FunctionSummary) => ComponentChildren;
}

const COLUMNS: Column[] = [
  { key: "invocations", title: "Invocations", cell: (one) => formatCount(one.invocations) },
  { key: "errors", title: "Errors", cell: (one) => rated(one.errors, one.errorRate, "error") },
  { key: "timeouts", title: "Timeouts", cell: (one) => counted(one.timeouts) },
  { key: "cold", title: "Cold starts", cell: (one) => rated(one.coldStarts, one.coldStartRate, "plain") },
  { key: "p50", title: "p50", cell: (one) => formatDuration(one.durationMs.p50) },
  { key: "p95", title: "p95", cell: (one) => formatDuration(one.durationMs.p95) },
  { key: "p99", title: "p99", cell: (one) => formatDuration(one.durationMs.p99) },
  {
    key: "init",
    title: "Init p50 / p95",
    cell: (one) =>
      one.initMs ? (
        `${formatDuration(one.initMs.p50)} / ${formatDuration(one.initMs.p95)}`
      ) : (
        <Nothing words="no cold start" />
      ),
  },
  { key: "memory", title: "Memory", cell: (one) => <Memory used={one.memoryUsedMax} limit={one.memoryLimit} /> },
];

/** Every function: how often it ran, failed and started cold, and how long it took. */
export function FunctionsPage(): JSX.Element {
  const model = useModel(FunctionsModel);
  useTitle("Functions");
  const functions = model.functions.value;
  const error = model.poll.error.value;
  const isAnswered = model.poll.answer.value !== undefined;
  return (
    <>
      <div class="page-head">
        <h1>Functions</h1>
        <RangePicker />
      </div>
      {error && <ErrorBanner error={error} hasData={isAnswered} retry={model.poll.refresh} />}
      {!isAnswered && !error && <p class="loading">Adding up …</p>}
      {isAnswered && functions.length === 0 && (
        <EmptyState title="No function ran in this time range">
          <p>Functions show up here as soon as their first invocation arrives. Look further back, or send one:</p>
          <FirstSpans />
        </EmptyState>
      )}
      {functions.length > 0 && <FunctionTable functions={functions} model={model} />}
    </>
  );
}

function FunctionTable(props: { functions: FunctionSummary[]; model: FunctionsState }): JSX.Element {
  const { functions, model } = props;
  return (
    <div class="table-scroll" role="region" aria-label="Functions" tabIndex={0}>
      <table class="functions" role="table">
        <thead>
          <tr role="row">
            <SortHeader column={{ key: "name", title: "Function" }} model={model} />
            {COLUMNS.map((column) => (
              <SortHeader key={column.key} column={column} model={model} />
            ))}
          </tr>
        </thead>
        <tbody>
          {functions.map((one) => (
            <tr key={`${one.service} ${one.name}`} role="row">
              <th scope="row" role="rowheader">
                <a href={`/?service=${encodeURIComponent(one.service)}`} title={`Flows of ${one.service}`}>
                  {one.name}
                </a>
                {one.service !== one.name && <small>{one.service}</small>}
              </th>
              {COLUMNS.map(({ key, title, cell }) => (
                <td key={key} role="cell" class="number" data-title={title}>
                  {cell(one)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type FunctionsState = Pick<InstanceType<typeof FunctionsModel>, "sortKey" | "descending" | "sortBy">;

function SortHeader(props: { column: { key: SortKey; title: string }; model: FunctionsState }): JSX.Element {
  const { column, model } = props;
  const isSorted = model.sortKey.value === column.key;
  const isFalling = model.descending.value === (column.key !== "name");
  const order = isSorted ? (isFalling ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" role="columnheader" aria-sort={order}>
      <button type="button" onClick={() => model.sortBy(column.key)}>
        {column.title}
        <span class="arrow" aria-hidden="true">
          {isSorted ? (isFalling ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

function rated(count: number, rate: number, tone: "error" | "plain"): ComponentChildren {
  if (count === 0) return <Nothing words="none" />;
  return (
    <span class="rated" data-tone={tone}>
      {formatCount(count)} <small>{formatRate(rate)}</small>
    </span>
  );
}

function counted(count: number): ComponentChildren {
  if (count === 0) return <Nothing words="none" />;
  return (
    <span class="rated" data-tone="error">
      {formatCount(count)}
    </span>
  );
}

function Memory({ used, limit }: { used: number; limit: number }): JSX.Element {
  if (used === 0) return <Nothing words="unknown" />;
  if (limit === 0) return <>{formatBytes(used)}</>;
  const isNear = used / limit >= MEMORY_NEAR_LIMIT;
  return (
    <span class="memory">
      <meter min={0} max={limit} value={used} high={limit * MEMORY_NEAR_LIMIT} optimum={0} aria-hidden="true" />
      <span data-tone={isNear ? "error" : "plain"}>
        {formatBytes(used)} of {formatBytes(limit)}
      </span>
    </span>
  );
}

function Nothing({ words }: { words: string }): JSX.Element {
  return (
    <span class="none">
      <span aria-hidden="true">–</span>
      <span class="visually-hidden">{words}</span>
    </span>
  );
}
