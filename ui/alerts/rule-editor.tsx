import { createModel, effect, signal, useModel } from "@preact/signals";
import type { JSX } from "preact";
import type { AlertPreview } from "@hopscope/schema/alert-api";
import { ApiError } from "../api/client.ts";
import { range, rangeStart } from "../models/time-range.ts";
import { previewRule, putRule } from "./alerts-client.ts";
import { PreviewChart } from "./preview-chart.tsx";
import { EDITOR_KINDS, ruleOf, type RuleForm } from "./rule-form.ts";

/** Typing pauses this long before the preview follows. */
const PREVIEW_AFTER_MS = 400;

const EditorModel = createModel((start: RuleForm) => {
  const form = signal(start);
  const preview = signal<AlertPreview | undefined>(undefined);
  const error = signal("");
  effect(() => {
    const rule = ruleOf(form.value);
    const from = rangeStart(range.value);
    const controller = new AbortController();
    const timer = setTimeout(() => void load(), PREVIEW_AFTER_MS);
    const load = async (): Promise<void> => {
      try {
        const answer = await previewRule(rule, from, controller.signal);
        preview.value = answer;
        error.value = "";
      } catch (reason) {
        if (!controller.signal.aborted) error.value = reason instanceof ApiError ? reason.message : String(reason);
      }
    };
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  });
  return { form, preview, error };
});

/** Makes or changes a rule, with a preview of when it would have fired in the picked range. */
export function RuleEditor(props: { start: RuleForm; channels: readonly string[]; onDone: () => void }): JSX.Element {
  const { start, channels, onDone } = props;
  const model = useModel(() => new EditorModel(start));
  const form = model.form.value;
  const change = (changes: Partial<RuleForm>): void => {
    model.form.value = { ...model.form.peek(), ...changes };
  };
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await putRule(ruleOf(model.form.peek()));
      onDone();
    } catch (reason) {
      model.error.value = reason instanceof ApiError ? reason.message : String(reason);
    }
  };
  return (
    <form class="rule-editor" aria-label="Rule" onSubmit={(event) => void save(event)}>
      <Fields form={form} isNew={start.id === ""} channels={channels} change={change} />
      {model.error.value !== "" && (
        <p class="editor-error" role="alert">
          {model.error.value}
        </p>
      )}
      {model.preview.value && <PreviewChart preview={model.preview.value} />}
      <p class="editor-buttons">
        <button type="submit">Save rule</button>
        <button type="button" class="quiet" onClick={onDone}>
          Cancel
        </button>
      </p>
    </form>
  );
}

type TextField = "id" | "threshold" | "window" | "for" | "service" | "function" | "queue" | "notify";

function Fields(props: {
  form: RuleForm;
  isNew: boolean;
  channels: readonly string[];
  change: (changes: Partial<RuleForm>) => void;
}): JSX.Element {
  const { form, isNew, channels, change } = props;
  const field = (name: TextField, label: string, hint: string): JSX.Element => (
    <label>
      <span>{label}</span>
      <input
        value={form[name]}
        placeholder={hint}
        readOnly={name === "id" && !isNew}
        required={name === "id"}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <div class="fields">
      {field("id", "Id", "payment-fails")}
      <label>
        <span>Fires on</span>
        <select
          value={form.kind}
          onChange={(event) => {
            const chosen = EDITOR_KINDS.find(({ kind }) => kind === event.currentTarget.value);
            if (chosen) change({ kind: chosen.kind, threshold: chosen.threshold, window: chosen.window });
          }}
        >
          {EDITOR_KINDS.map(({ kind, label }) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {field("threshold", "Threshold", "5%, 2s or 3")}
      {field("window", "Over", "5m")}
      {field("for", "For at least", "0s")}
      {field("service", "Service", "all, * for any characters")}
      {field("function", "Function", "all")}
      {field("queue", "Queue", "all")}
      <label>
        <span>Severity</span>
        <select
          value={form.severity}
          onChange={(event) => change({ severity: event.currentTarget.value as RuleForm["severity"] })}
        >
          <option>info</option>
          <option>warning</option>
          <option>critical</option>
        </select>
      </label>
      {field("notify", "Notify", channels.length === 0 ? "no channel yet" : channels.join(", "))}
    </div>
  );
}
