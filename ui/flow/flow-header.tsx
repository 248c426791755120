import type { JSX } from "preact";
import type { FlowModelState } from "../models/flow.ts";
import { flowListPath } from "../route/view.ts";
import { CopyButton } from "../shared/copy-button.tsx";
import { formatClock, formatDay, formatDuration, formatRate, plural } from "../shared/format.ts";
import { Icon } from "../shared/icon.tsx";
import { epochMillis } from "../shared/instant.ts";
import { TIME_CLASSES } from "./time-share.ts";
import { TIME_WORDS } from "./time-words.ts";
import "./flow-header.css";

/** Smaller shares of the flow's time would be a sliver in the bar and noise in its legend. */
const SHARE_SHOWN_MIN = 0.001;

/** Name, outcome and when; and where the time went. */
export function FlowHeader({ model }: { model: FlowModelState }): JSX.Element | null {
  const index = model.index.value;
  const outcome = model.outcome.value;
  if (!index || !outcome) return null;
  const { flow } = index;
  const startedMs = epochMillis(flow.startTime);
  return (
    <header class="flow-header">
      <div class="line">
        <h1>{flow.name}</h1>
        <p class="facts">
          <time dateTime={flow.startTime}>
            {formatDay(startedMs)}, <span class="number">{formatClock(startedMs)}</span>
          </time>
          <span>{plural(flow.stats.spans, "span")}</span>
          {flow.traceIds.length > 1 && <span>{plural(flow.traceIds.length, "trace")}</span>}
          <code title={flow.id}>{flow.id.slice(0, 8)}…</code>
        </p>
        <div class="actions">
          <a class="compare" href={flowListPath({ compare: flow.id })}>
            Compare with …
          </a>
          <CopyButton text={flow.id} label="Trace id" />
          <CopyButton text={() => window.location.href} label="Link" />
          <a class="json" href={`/api/flows/${flow.id}`} target="_blank" rel="noreferrer">
            JSON
          </a>
        </div>
      </div>
      <p class="outcome" data-tone={outcome.tone}>
        <Icon
          name={({ ok: "check", plain: "check", warn: "retry", error: "cross" } as const)[outcome.tone]}
          size={18}
        />
        {outcome.text}
      </p>
      {flow.truncated && (
        <p class="truncated" role="note">
          This flow is larger than what is shown: cut at {flow.truncated.limit} = {flow.truncated.value}.
        </p>
      )}
      <TimeBar model={model} totalMs={index.window.toMs - index.window.fromMs} />
    </header>
  );
}

function TimeBar({ model, totalMs }: { model: FlowModelState; totalMs: number }): JSX.Element | null {
  const shares = model.shares.value;
  if (!shares) return null;
  const parts = TIME_CLASSES.filter((name) => shares[name] / totalMs > SHARE_SHOWN_MIN);
  return (
    <div class="time-bar">
      <div class="bar" aria-hidden="true">
        {parts.map((name) => (
          <span key={name} data-time={name} style={{ flexGrow: shares[name] / totalMs }} />
        ))}
      </div>
      <ul aria-label="Where the time went">
        <li class="total">
          <strong class="number">{formatDuration(totalMs)}</strong> in all
        </li>
        {parts.map((name) => (
          <li key={name}>
            <span class="swatch" data-time={name} aria-hidden="true" />
            <strong class="number">{formatDuration(shares[name])}</strong> {TIME_WORDS[name]}
            <small class="number">{formatRate(shares[name] / totalMs)}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
