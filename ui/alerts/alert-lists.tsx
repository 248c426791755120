import type { JSX } from "preact";
import type { AlertChannels, AlertHistory, AlertRule, AlertSilences } from "@hopscope/schema/alert-api";
import type { AlertsState } from "./alerts-model.ts";
import { flowsOfChange } from "./alert-flows-path.ts";
import { FlowsLink } from "./flows-link.tsx";
import { labelText, ruleName } from "./rule-list.tsx";
import { pairsText, weeklyWords } from "./silence-form.ts";

/** What began and ended in the picked range. */
export function HistoryList(props: { history: AlertHistory; rules: readonly AlertRule[] }): JSX.Element {
  const { history } = props;
  const rules = new Map(props.rules.map((rule) => [rule.id, rule]));
  const nameOf = (id: string): string => {
    const rule = rules.get(id);
    return rule === undefined ? id : ruleName(rule);
  };
  if (history.changes.length === 0) return <p class="quiet-words">Nothing began or ended in this range.</p>;
  const { truncated } = history;
  return (
    <>
      {truncated && <p class="quiet-words">The newest {truncated.value} changes; the range has more.</p>}
      <ol class="alert-history">
        {history.changes.map((change) => (
          <li
            key={JSON.stringify([change.at, change.ruleId, change.labels, change.change])}
            data-change={change.change}
          >
            <time dateTime={change.at}>{new Date(change.at).toLocaleString()}</time>
            <strong>{CHANGES[change.change] ?? change.change}</strong> {nameOf(change.ruleId)}: {labelText(change.labels)}{" "}
            {change.condition === "no-data" ? "silent" : change.valueText}
            {change.reason !== null && change.reason !== "recovered" && <em> ({change.reason})</em>}
            {change.past && <em> (concerns the past, nobody was told)</em>}{" "}
            <FlowsLink flows={flowsOfChange(change, history.changes, rules.get(change.ruleId))} />
          </li>
        ))}
      </ol>
    </>
  );
}

const CHANGES: Readonly<Record<string, string>> = { fired: "Began", resolved: "Ended", "late-breach": "Seen late" };

/** Silences, and how to change or end those that were made here. */
export function SilenceList(props: {
  silences: AlertSilences;
  model: AlertsState;
  edit: (silence: AlertSilences["silences"][number]) => void;
}): JSX.Element {
  const { silences, model, edit } = props;
  if (silences.silences.length === 0)
    return <p class="quiet-words">None. Silence an alert that fires with its button, or times of the week here.</p>;
  return (
    <ul class="alert-things" aria-label="Silences">
      {silences.silences.map((one) => (
        <li key={one.id}>
          <strong>{one.id}</strong>{" "}
          {pairsText(one.matchers)}, {one.active ? "in force" : "not now"}
          {one.weekly !== null && `, ${weeklyWords(one.weekly)}`}
          {one.until !== null && `, until ${new Date(one.until).toLocaleString()}`}
          {one.comment !== "" && <small>{one.comment}</small>}
          {one.fromFile ? (
            <em> from the file</em>
          ) : (
            <>
              <button type="button" class="quiet" aria-label={`Edit the silence ${one.id}`} onClick={() => edit(one)}>
                Edit
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={`End the silence ${one.id}`}
                onClick={() => void model.endSilence(one.id)}
              >
                End
              </button>
            </>
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
