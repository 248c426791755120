import type { Labels, Matcher, Mute } from "./types.ts";

/** Whether labels fit all matchers; a label that is absent counts as empty. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every(({ label, pattern }) => matchesPattern(labels[label] ?? "", pattern));
}

/** The mute in force for an alert of these labels, if any. */
export function findMute(mutes: readonly Mute[], labels: Labels): Mute | undefined {
  return mutes.find((mute) => matchesAll(mute.matchers, labels));
}

/** Whether a text fits a pattern in which `*` stands for any run of characters. Takes linear time. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (!pattern.includes("*")) return text === pattern;
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= text.length - last.length;
}
