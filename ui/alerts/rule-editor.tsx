import { createModel, effect, signal, useModel } from "@preact/signals";
import type { JSX } from "preact";
import type { AlertPreview } from "@hopscope/schema/alert-api";
import { range, rangeStart } from "../models/time-range.ts";
import { previewRule, putRule } from "./alerts-client.ts";
import { ChannelPicker, EditorField } from "./editor-field.tsx";
import { EditorForm, formErrorOf, type FormError } from "./editor-form.tsx";
import { PreviewChart } from "./preview-chart.tsx";
import { KINDS, kindSpec, MORE_FIELDS, type FieldName } from "./rule-fields.ts";
import { fieldOfError, ruleOf, withKind, type RuleForm } from "./rule-form.ts";

/** Typing pauses this long before the preview follows. */
const PREVIEW_AFTER_MS = 400;

const EditorModel = createModel((start: RuleForm) => {
  const form = signal(start);
  const preview = signal<AlertPreview | undefined>(undefined);
  const error = signal<FormError<FieldName> | undefined>(undefined);
  const isLoading = signal(false);
  const fail = (reason: unknown): void => {
    error.value = formErrorOf(reason, fieldOfError);
  };
  effect(() => {
    const rule = ruleOf(form.value);
    const from = rangeStart(range.value);
    const controller = new AbortController();
    const timer = setTimeout(() => void load(), PREVIEW_AFTER_MS);
    const load = async (): Promise<void> => {
      isLoading.value = true;
      try {
        preview.value = await previewRule(rule, from, controller.signal);
        error.value = undefined;
      } catch (reason) {
        if (!controller.signal.aborted) fail(reason);
      }
      if (!controller.signal.aborted) isLoading.value = false;
    };
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  });
  return { form, preview, error, isLoading, fail };
});

/** Makes or changes a rule of any kind, with a preview of when it would have fired in the picked range. */
export function RuleEditor(props: { start: RuleForm; channels: readonly string[]; onDone: () => void }): JSX.Element {
  const { start, channels, onDone } = props;
  const model = useModel(() => new EditorModel(start));
  const error = model.error.value;
  const fields = (
    <Fields
      form={model.form.value}
      error={error}
      isNew={start.values.id === ""}
      channels={channels}
      set={(form) => (model.form.value = form)}
    />
  );
  const save = async (): Promise<unknown> => putRule(ruleOf(model.form.peek()));
  return (
    <EditorForm name="Rule" fields={fields} error={error} save={save} onFail={model.fail} onDone={onDone}>
      <div class="preview" aria-busy={model.isLoading.value}>
        {model.preview.value && <PreviewChart preview={model.preview.value} range={range.value} />}
      </div>
    </EditorForm>
  );
}

function Fields(props: {
  form: RuleForm;
  error: FormError<FieldName> | undefined;
  isNew: boolean;
  channels: readonly string[];
  set: (form: RuleForm) => void;
}): JSX.Element {
  const { form, error, isNew, channels, set } = props;
  const spec = kindSpec(form.kind);
  const errorAt = (name: FieldName): string | undefined => (error?.field === name ? error.text : undefined);
  const change = (name: FieldName) => (value: string) => set({ ...form, values: { ...form.values, [name]: value } });
  const field = (name: FieldName, label?: string): JSX.Element => (
    <EditorField
      key={name}
      name={name}
      value={form.values[name]}
      label={label}
      error={errorAt(name)}
      isFixed={name === "id" && !isNew}
      change={change(name)}
    />
  );
  const isMoreWrong = error?.field !== undefined && MORE_FIELDS.includes(error.field);
  const isMoreUsed = MORE_FIELDS.some((name) => form.values[name] !== "");
  return (
    <>
      <div class="fields">
        {field("id")}
        {field("name")}
        <div class="field">
          <label>
            <span>Fires on</span>
            <select value={form.kind} onChange={(event) => set(withKind(form, event.currentTarget.value))}>
              {KINDS.map(({ kind, label }) => (
                <option key={kind} value={kind}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        {spec.threshold && field("threshold", spec.threshold[0])}
        {spec.fields.map((name) => field(name))}
      </div>
      {spec.scope.length > 0 && <div class="fields">{spec.scope.map((name) => field(name))}</div>}
      <div class="fields">
        {field("severity")}
        <ChannelPicker
          value={form.values.notify}
          channels={channels}
          error={errorAt("notify")}
          change={change("notify")}
        />
      </div>
      <details class="more" open={isMoreWrong || isMoreUsed}>
        <summary>More: how long, how much, silence, words</summary>
        <div class="fields">{MORE_FIELDS.map((name) => field(name))}</div>
      </details>
    </>
  );
}
