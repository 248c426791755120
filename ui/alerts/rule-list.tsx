import type { JSX } from "preact";
import type { AlertRule } from "@hopscope/schema/alert-api";
import { Icon, type IconName } from "../shared/icon.tsx";
import { flowsOfAlert } from "./alert-flows-path.ts";
import type { AlertsState } from "./alerts-model.ts";
import { FlowsLink } from "./flows-link.tsx";

const STATES: Record<AlertRule["state"], { words: string; icon: IconName; tone: string }> = {
  firing: { words: "Firing", icon: "warn", tone: "error" },
  broken: { words: "Cannot be evaluated", icon: "cross", tone: "error" },
  pending: { words: "Pending", icon: "clock", tone: "warn" },
  ok: { words: "Fine", icon: "check", tone: "ok" },
  "little-traffic": { words: "Too little traffic", icon: "missing", tone: "plain" },
  "no-data": { words: "No data", icon: "missing", tone: "plain" },
};

/** Every rule with its state and the alerts that it has now. */
export function RuleList(props: {
  rules: AlertRule[];
  model: AlertsState;
  edit: (rule: AlertRule) => void;
}): JSX.Element {
  const { rules, model, edit } = props;
  return (
    <>
      <h2 class="visually-hidden">Rules</h2>
      <ul class="alert-rules" aria-label="Rules">
        {rules.map((rule) => (
          <li key={rule.id}>
            <RuleRow rule={rule} model={model} edit={edit} />
          </li>
        ))}
      </ul>
    </>
  );
}

function RuleRow({
  rule,
  model,
  edit,
}: {
  rule: AlertRule;
  model: AlertsState;
  edit: (rule: AlertRule) => void;
}): JSX.Element {
  const { words, icon, tone } = STATES[rule.state];
  const from = { file: "from the file", api: "made here", pack: "ready-made" }[rule.origin];
  return (
    <article>
      <header>
        <span class="alert-state" data-tone={tone}>
          <Icon name={icon} />
          {words}
        </span>
        <h3>
          {ruleName(rule)}
        </h3>
        <small>
          {rule.kind} {rule.thresholdText} over {rule.window}, {rule.severity}, {from}
        </small>
        <span class="alert-worst">{rule.worst ? `worst now ${rule.worst.valueText}` : ""}</span>
        <span class="alert-buttons">
          <button
            type="button"
            class="quiet"
            aria-label={`${rule.origin === "api" ? "Edit" : "Copy"} ${rule.name}`}
            onClick={() => edit(rule)}
          >
            {rule.origin === "api" ? "Edit" : "Copy"}
          </button>
          {rule.origin === "api" && (
            <button
              type="button"
              class="quiet"
              aria-label={`Delete ${rule.name}`}
              onClick={() => void model.removeRule(rule.sourceId)}
            >
              Delete
            </button>
          )}
        </span>
      </header>
      {rule.error !== "" && <p class="editor-error">{rule.error}</p>}
      <Alerts rule={rule} model={model} />
    </article>
  );
}

function Alerts({ rule, model }: { rule: AlertRule; model: AlertsState }): JSX.Element | null {
  if (rule.alerts.length === 0) return null;
  return (
    <ul class="alert-instances">
      {rule.alerts.map((alert) => (
        <li key={JSON.stringify([alert.labels, alert.condition])}>
          <strong>{labelText(alert.labels)}</strong>{" "}
          {alert.condition === "no-data" ? "has fallen silent" : alert.valueText}, {alert.phase} since{" "}
          <time dateTime={alert.since}>{new Date(alert.since).toLocaleTimeString()}</time>
          <FlowsLink flows={flowsOfAlert(alert, rule)} />
          {alert.mutedBy === null ? (
            <button
              type="button"
              class="quiet"
              aria-label={`Silence for 1 h: ${labelText(alert.labels)}`}
              onClick={() => void model.silence({ rule: rule.sourceId, ...alert.labels })}
            >
              Silence for 1 h
            </button>
          ) : (
            <em> muted by {alert.mutedBy}</em>
          )}
        </li>
      ))}
    </ul>
  );
}

/** A rule's name; of the rules that an SLO makes, with the tier. */
export function ruleName({ name, id, sourceId }: Pick<AlertRule, "name" | "id" | "sourceId">): string {
  return id === sourceId ? name : `${name} (${id.slice(sourceId.length + 1)})`;
}

/** `payment (shop)`: the labels of an alert as a name. */
export function labelText(labels: Record<string, string>): string {
  const { service, function: name, queue, ...rest } = labels;
  const main = queue ?? name ?? service ?? Object.values(rest)[0] ?? "everything";
  return service !== undefined && service !== main ? `${main} (${service})` : main;
}
