import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api/client.ts";

/** What is wrong, and at which field; an error of none stands above the buttons. */
export interface FormError<Field> {
  readonly field: Field | undefined;
  readonly text: string;
}

/** What a failed save says; `fieldOf` finds the field of the form that shows one of the API. */
export function formErrorOf<Field>(
  reason: unknown,
  fieldOf: (field: string | undefined) => Field | undefined,
): FormError<Field> {
  if (!(reason instanceof ApiError)) return { field: undefined, text: String(reason) };
  const field = fieldOf(reason.field);
  const prefix = `${reason.field ?? ""}: `;
  const text = reason.message.startsWith(prefix) ? reason.message.slice(prefix.length) : reason.message;
  return { field, text: field === undefined ? reason.message : text };
}

interface EditorFormProps {
  /** What is edited. */
  name: "Rule" | "Silence";
  fields: ComponentChildren;
  error: FormError<unknown> | undefined;
  /** Stands before the buttons. */
  children?: ComponentChildren;
  /** Saves, and throws where that fails. */
  save: () => Promise<unknown>;
  onFail: (reason: unknown) => void;
  onDone: () => void;
}

/** A form that begins at its first field, and ends with what went wrong and its buttons. */
export function EditorForm(props: EditorFormProps): JSX.Element {
  const { name, fields, error, children, save, onFail, onDone } = props;
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => element.current?.querySelector<HTMLElement>("input:not([readonly])")?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    save().then(onDone, onFail);
  };
  return (
    <form ref={element} class="rule-editor" aria-label={name} onSubmit={submit}>
      {fields}
      {error && error.field === undefined && (
        <p class="editor-error" role="alert">
          {error.text}
        </p>
      )}
      {children}
      <p class="editor-buttons">
        <button type="submit" class="primary">
          Save {name.toLowerCase()}
        </button>
        <button type="button" class="quiet" onClick={onDone}>
          Cancel
        </button>
      </p>
    </form>
  );
}
