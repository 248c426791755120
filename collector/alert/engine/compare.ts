import type { Comparison, Observation, Rule } from "./types.ts";

/** Whether a value passes a threshold. */
function passes(comparison: Comparison, value: number, threshold: number): boolean {
  switch (comparison) {
    case "above":
      return value > threshold;
    case "at-least":
      return value >= threshold;
    case "below":
      return value < threshold;
    case "at-most":
      return value <= threshold;
  }
}

/** What an observation says about a rule's condition. */
export type Verdict = "holds" | "clear" | "insufficient" | "absent";

/** The verdict on a series; `firing` chooses between the threshold and the one of recovery. */
export function judge(rule: Rule, seen: Observation | undefined, firing: boolean): Verdict {
  const value = seen === undefined ? rule.absentValue : seen.value;
  if (value === null || Number.isNaN(value)) return "absent";
  if (seen !== undefined && seen.volume < rule.minVolume) return "insufficient";
  return passes(rule.comparison, value, firing ? rule.recoverThreshold : rule.threshold) ? "holds" : "clear";
}

/** Whether `a` is worse than `b` by a rule's comparison; no value is worst. */
export function isWorse(comparison: Comparison, a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === null && b !== null;
  return comparison === "above" || comparison === "at-least" ? a > b : a < b;
}
