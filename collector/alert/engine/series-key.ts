import type { Labels } from "./types.ts";

/** One string for equal labels whatever their order, never the same for different ones. */
export function seriesKey(labels: Labels): string {
  // What JSON.stringify makes of the pairs, put together here: every series of every rule needs one.
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `[${JSON.stringify(name)},${JSON.stringify(labels[name])}]`);
  return `[${pairs.join(",")}]`;
}

/** The given labels of a series, in the order asked for; a label it does not have is left out. */
export function pickLabels(labels: Labels, names: readonly string[]): Labels {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
