import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "./icon.tsx";

/** How long the button says that it has copied. */
const CONFIRM_MS = 1600;

/** Copies `text` to the clipboard and says so, to the eye and to a screen reader. */
export function CopyButton({ text, label }: { text: string | (() => string); label: string }): JSX.Element {
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  const copy = async (): Promise<void> => {
    const copied = await copyText(typeof text === "string" ? text : text());
    state.value = copied ? "copied" : "failed";
    setTimeout(() => (state.value = "idle"), CONFIRM_MS);
  };
  const words = { idle: label, copied: "Copied", failed: "Copy failed" }[state.value];
  return (
    <button type="button" class="quiet copy" onClick={() => void copy()}>
      <Icon name={state.value === "copied" ? "check" : "copy"} size={14} />
      <span aria-live="polite">{words}</span>
    </button>
  );
}

/** Copies text; over plain HTTP, where the clipboard API is missing, through a selection. Returns whether it did. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
