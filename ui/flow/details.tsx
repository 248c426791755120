import type { JSX } from "preact";
import type { Span } from "@hopscope/schema/flow";
import type { FlowModelState } from "../models/flow.ts";
import { flowPath } from "../route/view.ts";
import { CopyButton } from "../shared/copy-button.tsx";
import { formatClock, plural } from "../shared/format.ts";
import { Icon } from "../shared/icon.tsx";
import { epochMillis } from "../shared/instant.ts";
import { AttributeTable } from "./attribute-table.tsx";
import { exceptionOf, neighbours, rowFacts, type Neighbour } from "./detail-facts.ts";
import type { FlowIndex } from "./flow-index.ts";
import type { Row } from "./row.ts";
import "./details.css";

/** Everything known about the selected row, beside the page; below it where there is no room. */
export function Details({ model }: { model: FlowModelState }): JSX.Element | null {
  const row = model.selected.value;
  const index = model.index.value;
  if (!row || !index || !model.detailsOpen.value) return null;
  const span = row.spanId === undefined ? undefined : model.lookedAt.span.value;
  return (
    <aside class="details" aria-label={`Details of ${row.name}`}>
      <header>
        <h2>{row.name}</h2>
        <button
          type="button"
          class="quiet"
          onClick={() => (model.detailsOpen.value = false)}
          aria-label="Close details"
        >
          <Icon name="cross" />
        </button>
      </header>
      <div class="body" tabIndex={0} role="region" aria-label="Facts and attributes" key={row.id}>
        {row.tags.length > 0 && (
          <p class="tags">
            {row.tags.map((tag) => (
              <span key={tag.text} class="badge" data-tone={tag.tone}>
                {tag.text}
              </span>
            ))}
          </p>
        )}
        <Failure row={row} span={span} />
        <dl class="facts">
          {rowFacts(index, row).map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Neighbours model={model} index={index} row={row} />
        {span && <SpanDetails span={span} index={index} />}
        {!span && row.spanId !== undefined && (
          <p class="pending" role="status">
            {model.lookedAt.trouble.value ?? "Loading what the span says …"}
          </p>
        )}
      </div>
    </aside>
  );
}

function Failure({ row, span }: { row: Row; span: Span | undefined }): JSX.Element | null {
  const exception = span ? exceptionOf(span) : undefined;
  const text = row.error ?? (exception ? `${exception.type}: ${exception.message}` : undefined);
  if (text === undefined) return null;
  return (
    <section class="failure">
      <p>{text}</p>
      {exception?.stack && (
        <>
          <pre tabIndex={0} aria-label="Stack">
            {exception.stack}
          </pre>
          <CopyButton text={exception.stack} label="Copy stack" />
        </>
      )}
    </section>
  );
}

function Neighbours(props: { model: FlowModelState; index: FlowIndex; row: Row }): JSX.Element | null {
  const { model, index, row } = props;
  if (row.nodeId === undefined) return null;
  const { upstream, downstream } = neighbours(index, row.nodeId);
  if (upstream.length + downstream.length === 0) return null;
  return (
    <section class="neighbours">
      <h3>Before and after</h3>
      <ul>
        {[...upstream, ...downstream].map((neighbour, at) => (
          <NeighbourLine key={at} neighbour={neighbour} go={() => model.selectNode(neighbour.nodeId)} />
        ))}
      </ul>
    </section>
  );
}

function NeighbourLine({ neighbour, go }: { neighbour: Neighbour; go: () => void }): JSX.Element {
  return (
    <li>
      {neighbour.relation}{" "}
      <button type="button" class="inline" onClick={go}>
        {neighbour.name}
      </button>{" "}
      <small>{neighbour.joinedBy}</small>
    </li>
  );
}

function SpanDetails({ span, index }: { span: Span; index: FlowIndex }): JSX.Element {
  const others = span.events.filter(({ name }) => name !== "exception");
  return (
    <>
      <AttributeTable title="Attributes" attributes={span.attributes} isOpen />
      {others.length > 0 && (
        <details class="events" open>
          <summary>{plural(others.length, "event")}</summary>
          {others.map((event, at) => (
            <AttributeTable
              key={at}
              title={`${event.name} at ${formatClock(epochMillis(event.time))}`}
              attributes={event.attributes}
            />
          ))}
        </details>
      )}
      {span.links.length > 0 && <Links span={span} index={index} />}
      <AttributeTable title="Resource" attributes={span.resource} />
      <section class="identity">
        <h3>Span</h3>
        <dl class="facts">
          <div>
            <dt>Trace id</dt>
            <dd>
              <code>{span.traceId}</code>
            </dd>
          </div>
          <div>
            <dt>Span id</dt>
            <dd>
              <code>{span.spanId}</code>
            </dd>
          </div>
          <div>
            <dt>Started</dt>
            <dd>
              <code>{span.startTime}</code>
            </dd>
          </div>
        </dl>
        <CopyButton text={() => JSON.stringify(span, null, 2)} label="Copy span as JSON" />
      </section>
    </>
  );
}

function Links({ span, index }: { span: Span; index: FlowIndex }): JSX.Element {
  return (
    <section class="links">
      <h3>{plural(span.links.length, "link")}</h3>
      <ul>
        {span.links.map((link) => {
          const at = index.spans.positionOf(link.spanId);
          const isHere = at >= 0 && index.spans.traceId(at) === link.traceId;
          return (
            <li key={link.traceId + link.spanId}>
              <a href={flowPath(isHere ? index.flow.id : link.traceId, link.spanId)}>
                {isHere ? `${index.spans.name(at)} on ${index.spans.service(at)}` : `span ${link.spanId} in another trace`}
              </a>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
