import type { ComponentChildren, JSX } from "preact";
import { FIELDS, type FieldName } from "./rule-fields.ts";

interface EditorFieldProps {
  readonly name: FieldName;
  readonly value: string;
  readonly label?: string | undefined;
  /** What the collector says is wrong with it. */
  readonly error?: string | undefined;
  readonly isFixed?: boolean;
  readonly change: (value: string) => void;
}

/** One field of the editor, with what is wrong with it beneath. */
export function EditorField({ name, value, label, error, isFixed = false, change }: EditorFieldProps): JSX.Element {
  const spec = FIELDS[name];
  const shared = {
    "aria-invalid": error !== undefined,
    ...(error !== undefined && { "aria-describedby": `rule-${name}-error` }),
  };
  return (
    <Labelled name={name} label={label ?? spec.label} error={error} isLong={spec.isLong}>
      {spec.options ? (
        <select {...shared} value={value} onChange={(event) => change(event.currentTarget.value)}>
          {spec.options.map(([option, words]) => (
            <option key={option} value={option}>
              {words}
            </option>
          ))}
        </select>
      ) : spec.isLong === true ? (
        <textarea
          {...shared}
          rows={name === "sql" ? 4 : 3}
          spellcheck={false}
          value={value}
          placeholder={spec.hint}
          onInput={(event) => change(event.currentTarget.value)}
        />
      ) : (
        <input
          {...shared}
          value={value}
          placeholder={spec.hint}
          readOnly={isFixed}
          required={name === "id"}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
    </Labelled>
  );
}

function Labelled(props: {
  name: string;
  label: string;
  error: string | undefined;
  isLong?: boolean | undefined;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="field" data-long={props.isLong === true} data-wrong={props.error !== undefined}>
      <label>
        <span>{props.label}</span>
        {props.children}
      </label>
      {props.error !== undefined && (
        <small class="field-error" id={`rule-${props.name}-error`} role="alert">
          {props.error}
        </small>
      )}
    </div>
  );
}

/** Whom to tell: the channels that there are, and those that the rule names though they are gone. */
export function ChannelPicker(props: {
  value: string;
  channels: readonly string[];
  error: string | undefined;
  change: (value: string) => void;
}): JSX.Element {
  const picked = props.value.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  const all = [...new Set([...props.channels, ...picked])];
  const toggle = (name: string, isOn: boolean): void =>
    props.change((isOn ? [...picked, name] : picked.filter((one) => one !== name)).join(", "));
  return (
    <fieldset class="field" data-wrong={props.error !== undefined}>
      <legend>{FIELDS.notify.label}</legend>
      {all.length === 0 && <span class="quiet-words">no channel yet: the page shows it alone</span>}
      {all.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={picked.includes(name)}
            onChange={(event) => toggle(name, event.currentTarget.checked)}
          />
          {name}
        </label>
      ))}
      {props.error !== undefined && (
        <small class="field-error" role="alert">
          {props.error}
        </small>
      )}
    </fieldset>
  );
}
