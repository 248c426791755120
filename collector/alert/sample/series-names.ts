/** Labels and keys of series, kept from one evaluation to the next: the same functions come every minute. */
import type { WindowRow } from "../../store/queries/alert-windows.ts";
import { seriesKey } from "../engine/series-key.ts";
import type { Labels } from "../engine/types.ts";
import type { Metric } from "../rules/compiled.ts";

/** Labels of a series, and the text that stands for them in states. */
export interface SeriesName {
  readonly key: string;
  readonly labels: Labels;
}

/** Names kept; past it they are all made anew, once. */
const NAMES_MAX = 100_000;

const names = new Map<string, SeriesName>();

/** The labels of a row in a grouping, and their key; the same objects every time. */
export function seriesName(row: WindowRow, groupBy: Metric["groupBy"]): SeriesName {
  let text = "";
  for (const name of groupBy) {
    const value = row[name] ?? "";
    text += `${name}${value.length}:${value}`;
  }
  const known = names.get(text);
  if (known !== undefined) return known;
  const labels: Record<string, string> = {};
  for (const name of groupBy) labels[name] = row[name] ?? "";
  const made = { key: seriesKey(labels), labels };
  if (names.size >= NAMES_MAX) names.clear();
  names.set(text, made);
  return made;
}
