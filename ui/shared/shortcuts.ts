import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** A key, what it does in words, and what it does. The help and the bindings come from the same table. */
export interface Shortcut {
  /** `KeyboardEvent.key` values, any of which runs it. */
  keys: string[];
  label: string;
  run: () => void;
  /** Where it holds, if not everywhere on the page. */
  when?: () => boolean;
}

/** Shortcuts of one part of the page, under the title that the help gives them. */
export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

const groups = signal<ShortcutGroup[]>([]);

/** What is bound at present, for the help. */
export const activeShortcuts = computed(() => groups.value);

/** Binds shortcuts. Returns how to unbind them. */
export function bindShortcuts(group: ShortcutGroup): () => void {
  groups.value = [...groups.peek(), group];
  return () => {
    groups.value = groups.peek().filter((bound) => bound !== group);
  };
}

/** Binds shortcuts while a component is mounted. `make` runs once: read signals inside `run`. */
export function useShortcuts(title: string, make: () => Shortcut[]): void {
  useEffect(() => bindShortcuts({ title, shortcuts: make() }), []);
}

/** Runs the shortcut that a key stands for, the latest bound first. Returns whether there was one. */
export function runShortcut(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return false;
  for (const { shortcuts } of groups.peek().toReversed()) {
    const found = shortcuts.find(({ keys, when }) => keys.includes(event.key) && (when === undefined || when()));
    if (!found) continue;
    event.preventDefault();
    found.run();
    return true;
  }
  return false;
}

/** Listens for keys on the whole page. Returns how to stop. */
export function startShortcuts(): () => void {
  const listen = (event: KeyboardEvent): void => {
    runShortcut(event);
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

/** In a field, letters are text; in an open dialog, keys belong to the dialog. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, select, textarea, [contenteditable], dialog") !== null;
}
