import { effect, signal } from "@preact/signals";

/** `auto` follows the system. */
export const THEMES = ["auto", "light", "dark"] as const;
/** One of {@link THEMES}. */
export type Theme = (typeof THEMES)[number];

/** Read before the first paint by `public/theme-early.js` too. */
const STORAGE_KEY = "hopscope.theme";

/** The reader's choice; kept in this browser. */
export const theme = signal<Theme>(storedTheme());

/** Goes to the next theme: auto, light, dark, auto. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
}

/** Shows and stores the theme whenever it changes. Returns how to stop. */
export function startTheme(): () => void {
  return effect(() => {
    if (theme.value === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
    try {
      if (theme.value === "auto") localStorage.removeItem(STORAGE_KEY);
      else localStorage.setItem(STORAGE_KEY, theme.value);
    } catch {
      // Storage is blocked: the choice holds until the page is left.
    }
  });
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === "light" || stored === "dark" ? stored : "auto";
  } catch {
    return "auto";
  }
}
