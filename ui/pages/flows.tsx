import { useModel } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useRef } from "preact/hooks";
import { FlowListModel } from "../models/flow-list.ts";
import { queryValue, setQuery } from "../route/router.ts";
import { EmptyState } from "../shared/empty-state.tsx";
import { ErrorBanner } from "../shared/error-banner.tsx";
import { FirstSpans } from "../shared/first-spans.tsx";
import { plural } from "../shared/format.ts";
import { RangePicker } from "../shared/range-picker.tsx";
import { useShortcuts } from "../shared/shortcuts.ts";
import { useTitle } from "../shared/use-title.ts";
import { FlowRow } from "./flow-row.tsx";
import "./flows.css";

/** The recent flows: what ran, what went wrong, how long it took and how much of that was waiting. */
export function FlowsPage(): JSX.Element {
  const model = useModel(FlowListModel);
  const list = useRef<HTMLTableElement>(null);
  useTitle("Flows");
  useShortcuts("Flows", () => [
    { keys: ["j"], label: "Next flow", run: () => moveFocus(list.current, 1) },
    { keys: ["k"], label: "Previous flow", run: () => moveFocus(list.current, -1) },
    { keys: ["e"], label: "Only flows with errors, or all", run: toggleErrors },
    { keys: ["n"], label: "Show new flows", run: model.showWaiting },
    { keys: ["r"], label: "Refresh now", run: model.poll.refresh },
  ]);
  const flows = model.shown.value;
  const waiting = model.waiting.value.length;
  const error = model.poll.error.value;
  const isAnswered = model.poll.answer.value !== undefined;
  const isFiltered = Object.keys(NO_FILTERS).some((name) => queryValue(name) !== undefined);
  return (
    <>
      <div class="page-head">
        <h1>Flows</h1>
        <Filters services={model.services.value} />
      </div>
      <Narrowed />
      <Choosing />
      {error && <ErrorBanner error={error} hasData={isAnswered} retry={model.poll.refresh} />}
      <p class="new-flows" aria-live="polite">
        {waiting > 0 && (
          <button type="button" onClick={model.showWaiting}>
            Show {plural(waiting, "new flow")}
          </button>
        )}
      </p>
      {!isAnswered && !error && <p class="loading">Looking for flows …</p>}
      {isAnswered && flows.length === 0 && <NoFlows isFiltered={isFiltered} />}
      {flows.length > 0 && <FlowTable model={model} list={list} />}
      {model.nextCursor.value !== undefined && (
        <p class="more-flows">
          <button type="button" disabled={model.loadingMore.value} onClick={() => void model.loadMore()}>
            {model.loadingMore.value ? "Loading …" : "Older flows"}
          </button>
        </p>
      )}
    </>
  );
}

interface FlowTableProps {
  model: InstanceType<typeof FlowListModel>;
  list: RefObject<HTMLTableElement | null>;
}

/** While the reader points at a row or has one in hand, nothing is added above it. */
function FlowTable({ model, list }: FlowTableProps): JSX.Element {
  const chosen = queryValue("compare");
  return (
    <table
      ref={list}
      class="flow-list"
      role="table"
      onPointerEnter={() => (model.held.value = true)}
      onPointerLeave={() => (model.held.value = list.current?.contains(document.activeElement) ?? false)}
      onFocusIn={() => (model.held.value = true)}
      onFocusOut={() => (model.held.value = false)}
    >
      <caption class="visually-hidden">Recent flows, newest first</caption>
      <thead>
        <tr role="row">
          <th scope="col" role="columnheader">
            Flow
          </th>
          <th scope="col" role="columnheader">
            Started
          </th>
          <th scope="col" role="columnheader">
            Services
          </th>
          <th scope="col" role="columnheader">
            Events
          </th>
          <th scope="col" role="columnheader" class="end">
            Queue time
          </th>
          <th scope="col" role="columnheader" class="end">
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {model.shown.value.map((flow) => (
          <FlowRow key={flow.id} flow={flow} chosen={chosen} />
        ))}
      </tbody>
    </table>
  );
}

function Filters({ services }: { services: string[] }): JSX.Element {
  const status = queryValue("status");
  const service = queryValue("service") ?? "";
  const pick = (name: string | undefined): void => setQuery({ status: name }, "replace");
  return (
    <div class="filters">
      <fieldset class="segmented">
        <legend class="visually-hidden">Status</legend>
        <button type="button" aria-pressed={status === undefined} onClick={() => pick(undefined)}>
          All
        </button>
        <button type="button" aria-pressed={status === "error"} onClick={() => pick("error")}>
          With errors
        </button>
        <button type="button" aria-pressed={status === "ok"} onClick={() => pick("ok")}>
          OK
        </button>
      </fieldset>
      <select
        aria-label="Service"
        value={service}
        onChange={(event) => setQuery({ service: event.currentTarget.value || undefined }, "replace")}
      >
        <option value="">All services</option>
        {services.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <RangePicker />
      <button
        type="button"
        aria-pressed={queryValue("compare") !== undefined}
        onClick={() => setQuery({ compare: queryValue("compare") === undefined ? "" : undefined }, "replace")}
      >
        Compare two
      </button>
    </div>
  );
}

const NARROWED = {
  from: undefined,
  to: undefined,
  function: undefined,
  destination: undefined,
  attribute: undefined,
  text: undefined,
};
const NO_FILTERS = { ...NARROWED, status: undefined, service: undefined };

/** What a link has narrowed the list to that no control shows, and how to be rid of it. */
function Narrowed(): JSX.Element | null {
  const [from, to] = [queryValue("from"), queryValue("to")];
  const [name, destination] = [queryValue("function"), queryValue("destination")];
  const [attribute, text] = [queryValue("attribute"), queryValue("text")];
  if ([from, to, name, destination, attribute, text].every((value) => value === undefined)) return null;
  const words = [
    name !== undefined && `function ${name}`,
    destination !== undefined && `queue or topic ${destination}`,
    attribute !== undefined && `spans with ${attribute.replace("=", " = ")}`,
    text !== undefined && `spans that say “${text}”`,
    from !== undefined && `from ${instantText(from)}`,
    to !== undefined && `to ${instantText(to)}`,
  ];
  return (
    <p class="narrowed">
      Narrowed: {words.filter((word) => word !== false).join(", ")}{" "}
      <button type="button" onClick={() => setQuery(NARROWED, "replace")}>
        Show all
      </button>
    </p>
  );
}

/** Says what the buttons of the rows are for while two flows are chosen, and how to leave that. */
function Choosing(): JSX.Element | null {
  const chosen = queryValue("compare");
  if (chosen === undefined) return null;
  return (
    <p class="narrowed" role="status">
      {chosen === "" ? "Choose the first of two flows to compare." : `Choose the flow to compare ${chosen.slice(0, 8)}… with.`}{" "}
      <button type="button" onClick={() => setQuery({ compare: undefined }, "replace")}>
        Leave
      </button>
    </p>
  );
}

function instantText(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : at.toLocaleString();
}

function NoFlows({ isFiltered }: { isFiltered: boolean }): JSX.Element {
  if (isFiltered) {
    return (
      <EmptyState title="No flow matches">
        <p>Nothing in this time range is what the filters ask for. Look further back, or clear the filters.</p>
        <p>
          <button type="button" onClick={() => setQuery(NO_FILTERS, "replace")}>
            Clear filters
          </button>
        </p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Waiting for the first spans">
      <p>No flow has arrived in this time range. This page looks again every few seconds; any of these fills it.</p>
      <FirstSpans />
    </EmptyState>
  );
}

function toggleErrors(): void {
  setQuery({ status: queryValue("status") === "error" ? undefined : "error" }, "replace");
}

function moveFocus(list: HTMLElement | null, step: 1 | -1): void {
  const links = [...(list?.querySelectorAll<HTMLElement>("a.flow-link") ?? [])];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = at < 0 ? (step === 1 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
  links[next]?.focus();
}
