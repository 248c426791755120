import { useModel, useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { ChannelList, HistoryList, SilenceList } from "../alerts/alert-lists.tsx";
import { AlertsModel, type AlertsState } from "../alerts/alerts-model.ts";
import { RuleEditor } from "../alerts/rule-editor.tsx";
import { formOf, NEW_RULE, type RuleForm } from "../alerts/rule-form.ts";
import { RuleList } from "../alerts/rule-list.tsx";
import { SilenceEditor } from "../alerts/silence-editor.tsx";
import { formOfSilence, newSilence, type SilenceForm } from "../alerts/silence-form.ts";
import { Snippet } from "../shared/empty-state.tsx";
import { ErrorBanner } from "../shared/error-banner.tsx";
import { RangePicker } from "../shared/range-picker.tsx";
import { useTitle } from "../shared/use-title.ts";
import "./alerts.css";

/** Rules with their states, what began and ended, silences and channels; and the editor. */
export function AlertsPage(): JSX.Element {
  const model = useModel(AlertsModel);
  const editing = useSignal<RuleForm | undefined>(undefined);
  const overview = model.overview.answer.value;
  const error = model.overview.error.value;
  const channels = model.channels.answer.value;
  const notice = model.notice.value;
  useTitle(overview && overview.firing > 0 ? `${overview.firing} firing` : "Alerts");
  return (
    <>
      <div class="page-head">
        <h1>Alerts</h1>
        <button type="button" onClick={() => (editing.value = NEW_RULE)}>
          New rule
        </button>
        <RangePicker />
      </div>
      {error && <ErrorBanner error={error} hasData={overview !== undefined} retry={model.overview.refresh} />}
      {notice && (
        <p class="alert-notice" data-tone={notice.tone} role="status">
          {notice.text}
        </p>
      )}
      {overview?.problems.map((problem) => (
        <p class="editor-error" role="alert" key={`${problem.line}${problem.field}`}>
          {overview.file}, line {problem.line}: {problem.field}: {problem.message}. The last good rules are in force.
        </p>
      ))}
      <Rules model={model} editing={editing} />
      <section class="alert-section" aria-labelledby="alert-history">
        <h2 id="alert-history">History</h2>
        {model.history.answer.value && (
          <HistoryList
            history={model.history.answer.value}
            rules={overview?.rules ?? []}
          />
        )}
      </section>
      <Silences model={model} />
      <section class="alert-section" aria-labelledby="alert-channels">
        <h2 id="alert-channels">Channels</h2>
        {channels && channels.channels.length > 0 && <ChannelList channels={channels} model={model} />}
        {channels?.channels.length === 0 && overview && <FirstChannel file={overview.file} />}
      </section>
    </>
  );
}

/** Every rule, and the editor of one. */
function Rules({ model, editing }: { model: AlertsState; editing: Signal<RuleForm | undefined> }): JSX.Element {
  const rules = model.overview.answer.value?.rules;
  return (
    <>
      {editing.value && (
        <RuleEditor
          key={editing.value.values.id}
          start={editing.value}
          channels={model.channels.answer.value?.channels.map(({ name }) => name) ?? []}
          onDone={() => {
            editing.value = undefined;
            model.overview.refresh();
          }}
        />
      )}
      {rules && (
        <RuleList
          rules={rules}
          model={model}
          edit={(rule) => {
            const form = formOf(rule.definition);
            editing.value = rule.origin === "api" ? form : { ...form, values: { ...form.values, id: "" } };
          }}
        />
      )}
    </>
  );
}

/** Every silence, and the editor of one. */
function Silences({ model }: { model: AlertsState }): JSX.Element {
  const editing = useSignal<SilenceForm | undefined>(undefined);
  const silences = model.silences.answer.value;
  return (
    <section id="silences" class="alert-section" aria-labelledby="alert-silences">
      <div class="section-head">
        <h2 id="alert-silences">Silences</h2>
        <button type="button" class="quiet" onClick={() => (editing.value = newSilence())}>
          New silence
        </button>
      </div>
      {editing.value && (
        <SilenceEditor
          key={editing.value.id}
          start={editing.value}
          onDone={() => {
            editing.value = undefined;
            model.silences.refresh();
            model.overview.refresh();
          }}
        />
      )}
      {silences && (
        <SilenceList
          silences={silences}
          model={model}
          edit={(silence) => (editing.value = formOfSilence(silence))}
        />
      )}
    </section>
  );
}

function FirstChannel({ file }: { file: string }): JSX.Element {
  return (
    <>
      <p class="quiet-words">Nobody is told yet. Write {file}; it is in force as soon as it is saved:</p>
      <Snippet label="hopscope.alerts.yml" code={FIRST_FILE} />
    </>
  );
}

const FIRST_FILE = `version: 1
channels:
  chat: { type: slack, url: "\${SLACK_URL}" }
defaults: { notify: [chat] }
rules:
  - { id: function-errors, kind: error-rate, threshold: 5%, recover: 3% }
  - { id: dead-letters, kind: dead-letters, threshold: 1 }`;
