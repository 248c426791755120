import type { JSX } from "preact";
import type { FlowSummary } from "@hopscope/schema/api";
import { nowMs } from "../models/clock.ts";
import { setQuery } from "../route/router.ts";
import { comparePath, flowPath } from "../route/view.ts";
import { formatAgo, formatClock, formatDay, formatDuration, plural } from "../shared/format.ts";
import { Icon, type IconName } from "../shared/icon.tsx";
import { epochMillis } from "../shared/instant.ts";

/** Services named in a row; of more, how many. */
const SERVICES_SHOWN_MAX = 4;

interface FlowRowProps {
  flow: FlowSummary;
  /** While flows are chosen to be compared: the one that was, '' before. */
  chosen: string | undefined;
}

/** One flow of the list; the whole row is its link. */
export function FlowRow({ flow, chosen }: FlowRowProps): JSX.Element {
  const failed = flow.status === "error";
  const startedMs = epochMillis(flow.startTime);
  return (
    <tr role="row" data-failed={failed}>
      <td role="cell" class="name">
        <span class="status" data-tone={failed ? "error" : "ok"}>
          <Icon name={failed ? "cross" : "check"} />
          <span class="visually-hidden">{failed ? "with errors" : "ok"}</span>
        </span>
        {chosen !== undefined && <Choice flow={flow} chosen={chosen} />}
        <span class="title">
          <a class="flow-link" href={flowPath(flow.id)}>
            {flow.name}
          </a>
          {flow.error && (
            <span class={failed ? "error" : "error mended"} title={flow.error.message}>
              {!failed && "went through after "}
              <b>{flow.error.type}</b> {flow.error.message}
            </span>
          )}
        </span>
      </td>
      <td role="cell" class="started">
        <time dateTime={flow.startTime} title={`${formatDay(startedMs)}, ${flow.startTime}`}>
          <span class="number">{formatClock(startedMs).slice(0, 8)}</span>
          <small>{formatAgo(startedMs, nowMs.value)}</small>
        </time>
      </td>
      <td role="cell" class="services">
        {flow.services.slice(0, SERVICES_SHOWN_MAX).join(", ")}
        {flow.services.length > SERVICES_SHOWN_MAX && ` and ${flow.services.length - SERVICES_SHOWN_MAX} more`}
      </td>
      <td role="cell" class="events">
        <Events stats={flow.stats} />
      </td>
      <td role="cell" class="end number queue" title="The sum over all messages of the flow">
        {flow.stats.queueMs > 0 ? formatDuration(flow.stats.queueMs) : <span class="none">–</span>}
        <span class="unit"> in queue</span>
      </td>
      <td role="cell" class="end number duration">
        {formatDuration(flow.durationMs)}
      </td>
    </tr>
  );
}

/** Takes the flow as the first to compare, or leads to the comparison of the first with it. */
function Choice({ flow, chosen }: { flow: FlowSummary; chosen: string }): JSX.Element {
  const isChosen = flow.id === chosen;
  if (chosen !== "" && !isChosen) {
    return (
      <a class="choice" href={comparePath(chosen, flow.id)} aria-label={`Compare with ${flow.name}`}>
        Compare
      </a>
    );
  }
  const words = isChosen ? "Chosen" : "Compare";
  return (
    <button
      type="button"
      class="choice"
      aria-pressed={isChosen}
      aria-label={`${words} ${flow.name}`}
      onClick={() => setQuery({ compare: isChosen ? "" : flow.id }, "replace")}
    >
      {words}
    </button>
  );
}

function Events({ stats }: { stats: FlowSummary["stats"] }): JSX.Element {
  const events: { icon: IconName; count: number; words: string; tone: string }[] = [
    { icon: "dead", count: stats.deadLetters, words: plural(stats.deadLetters, "dead letter"), tone: "error" },
    { icon: "cross", count: stats.errors, words: plural(stats.errors, "error"), tone: "error" },
    { icon: "retry", count: stats.retries, words: plural(stats.retries, "retry", "retries"), tone: "warn" },
    { icon: "cold", count: stats.coldStarts, words: plural(stats.coldStarts, "cold start"), tone: "plain" },
  ];
  return (
    <>
      {events
        .filter(({ count }) => count > 0)
        .map(({ icon, words, tone }) => (
          <span key={icon} class="badge" data-tone={tone}>
            <Icon name={icon} size={13} />
            {words}
          </span>
        ))}
    </>
  );
}
