import type { JSX } from "preact";
import type { AlertChannels, AlertHistory, AlertSilences } from "@hopscope/schema/alert-api";
import type { AlertsState } from "./alerts-model.ts";
import { failingFlowsPath } from "./failing-flows-path.ts";
import { labelText } from "./rule-list.tsx";

/** What began and ended in the picked range. */
export function HistoryList(props: { history: AlertHistory; names: ReadonlyMap<string, string> }): JSX.Element {
  const { history, names } = props;
  if (history.changes.length === 0) return <p class="quiet-words">Nothing began or ended in this range.</p>;
  return (
    <ol class="alert-history">
      {history.changes.map((change) => (
        <li
          key={JSON.stringify([change.at, change.ruleId, change.labels, change.change])}
          data-change={change.change}
        >
          <time dateTime={change.at}>{new Date(change.at).toLocaleString()}</time>
          <strong>{CHANGES[change.change] ?? change.change}</strong> {names.get(change.ruleId) ?? change.ruleId}: {labelText(change.labels)}{" "}
          {change.condition === "no-data" ? "silent" : change.valueText}
          {change.reason !== null && change.reason !== "recovered" && <em> ({change.reason})</em>}
          {change.past && <em> (concerns the past, nobody was told)</em>}{" "}
          <FailingFlows path={failingFlowsPath(change, history.changes)} />
        </li>
      ))}
    </ol>
  );
}

function FailingFlows({ path }: { path: string | undefined }): JSX.Element | null {
  return path === undefined ? null : <a href={path}>Failing flows</a>;
}

const CHANGES: Readonly<Record<string, string>> = { fired: "Began", resolved: "Ended", "late-breach": "Seen late" };

/** Silences, and how to end those that were made here. */
export function SilenceList({ silences, model }: { silences: AlertSilences; model: AlertsState }): JSX.Element {
  if (silences.silences.length === 0)
    return <p class="quiet-words">None. Silence an alert that fires with its button.</p>;
  return (
    <ul class="alert-things" aria-label="Silences">
      {silences.silences.map((one) => (
        <li key={one.id}>
          <strong>{one.id}</strong>{" "}
          {Object.entries(one.matchers)
            .map(([label, value]) => `${label}=${value}`)
            .join(", ")}
          , {one.active ? "in force" : "not now"}
          {one.until !== null && `, until ${new Date(one.until).toLocaleString()}`}
          {one.recurring && ", every week"}
          {one.fromFile ? (
            <em> from the file</em>
          ) : (
            <button
              type="button"
              class="quiet"
              aria-label={`End the silence ${one.id}`}
              onClick={() => void model.endSilence(one.id)}
            >
              End
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Channels with their last result and a test button. */
export function ChannelList({ channels, model }: { channels: AlertChannels; model: AlertsState }): JSX.Element {
  return (
    <ul class="alert-things">
      {channels.channels.map((one) => {
        const isFailing = one.lastErrorAt !== null && one.lastErrorAt > (one.lastOkAt ?? "");
        return (
          <li key={one.name}>
            <strong>{one.name}</strong> {one.type} to {one.target}: {one.sent} sent
            {one.lastOkAt !== null && `, last ${new Date(one.lastOkAt).toLocaleString()}`}
            {isFailing && <span class="editor-error"> failing: {one.lastError}</span>}
            <button
              type="button"
              class="quiet"
              aria-label={`Send a test to ${one.name}`}
              onClick={() => void model.test(one.name)}
            >
              Send a test
            </button>
          </li>
        );
      })}
    </ul>
  );
}
