import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { putSilence } from "./alerts-client.ts";
import { EditorForm, formErrorOf, type FormError } from "./editor-form.tsx";
import { DAYS, silenceField, silenceOf, type SilenceField, type SilenceForm } from "./silence-form.ts";

/** Makes or changes a silence: for a time, or at times of the week. */
export function SilenceEditor(props: { start: SilenceForm; onDone: () => void }): JSX.Element {
  const { start, onDone } = props;
  const form = useSignal(start);
  const error = useSignal<FormError<SilenceField> | undefined>(undefined);
  const fields = (
    <Fields
      form={form.value}
      isNew={start.id === ""}
      error={error.value}
      set={(changes) => (form.value = { ...form.peek(), ...changes })}
    />
  );
  const save = async (): Promise<unknown> => putSilence(silenceOf(form.peek()));
  const fail = (reason: unknown): void => {
    error.value = formErrorOf(reason, silenceField);
  };
  return <EditorForm name="Silence" fields={fields} error={error.value} save={save} onFail={fail} onDone={onDone} />;
}

function Fields(props: {
  form: SilenceForm;
  isNew: boolean;
  error: FormError<SilenceField> | undefined;
  set: (changes: Partial<SilenceForm>) => void;
}): JSX.Element {
  const { form, isNew, error, set } = props;
  const text = (name: Exclude<SilenceField, "days">, label: string, more: JSX.IntrinsicElements["input"] = {}) => (
    <Field name={name} label={label} error={error?.field === name ? error.text : undefined}>
      {(described) => (
        <input
          {...more}
          {...described}
          value={form[name]}
          onInput={(event) => set({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      <div class="fields">
        {text("id", "Id", { required: true, readOnly: !isNew, placeholder: "nights" })}
        <div class="field">
          <label>
            <span>In force</span>
            <select
              value={form.isWeekly ? "weekly" : "once"}
              onChange={(event) => set({ isWeekly: event.currentTarget.value === "weekly" })}
            >
              <option value="weekly">every week</option>
              <option value="once">all the time</option>
            </select>
          </label>
        </div>
        {text("matchers", "Alerts with these labels", {
          required: true,
          placeholder: "rule=payment-fails, service=shop*",
        })}
      </div>
      {form.isWeekly && (
        <div class="fields">
          <DayPicker days={form.days} error={error?.field === "days" ? error.text : undefined} set={set} />
          {text("dayFrom", "From", { type: "time", required: true })}
          {text("dayTo", "To, maybe next day", { type: "time", required: true })}
          {text("timeZone", "Time zone", { placeholder: "UTC", list: "silence-time-zones" })}
          <datalist id="silence-time-zones">
            {Intl.supportedValuesOf("timeZone").map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </div>
      )}
      <div class="fields">
        {text("from", "Begins (now)", { type: "datetime-local" })}
        {text("until", form.isWeekly ? "Ends (never)" : "Ends (when it is ended here)", { type: "datetime-local" })}
        {text("comment", "Comment", { placeholder: "why, and who" })}
      </div>
    </>
  );
}

function DayPicker(props: {
  days: SilenceForm["days"];
  error: string | undefined;
  set: (changes: Partial<SilenceForm>) => void;
}): JSX.Element {
  const { days, error, set } = props;
  return (
    <fieldset class="field" data-long="true" data-wrong={error !== undefined}>
      <legend>Days on which it begins</legend>
      {DAYS.map(([day, words]) => (
        <label key={day} class="check">
          <input
            type="checkbox"
            checked={days.includes(day)}
            onChange={({ currentTarget: { checked } }) =>
              set({ days: checked ? [...days, day] : days.filter((one) => one !== day) })
            }
          />
          {words}
        </label>
      ))}
      {error !== undefined && (
        <small class="field-error" role="alert">
          {error}
        </small>
      )}
    </fieldset>
  );
}

function Field(props: {
  name: SilenceField;
  label: string;
  error: string | undefined;
  children: (described: { "aria-invalid": boolean; "aria-describedby"?: string }) => ComponentChildren;
}): JSX.Element {
  const { name, label, error, children } = props;
  const errorId = `silence-${name}-error`;
  return (
    <div class="field" data-long={name === "matchers"} data-wrong={error !== undefined}>
      <label>
        <span>{label}</span>
        {children({ "aria-invalid": error !== undefined, ...(error !== undefined && { "aria-describedby": errorId }) })}
      </label>
      {error !== undefined && (
        <small class="field-error" id={errorId} role="alert">
          {error}
        </small>
      )}
    </div>
  );
}
