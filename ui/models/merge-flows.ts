import type { FlowSummary } from "@hopscope/schema/api";

/** Rows that the list keeps; older ones are dropped once newer have come. */
export const LISTED_FLOWS_MAX = 1000;

/**
 * Returns the list after a refresh: known rows renewed in place, new ones in order of time, newest first. While
 * `hold` is true no row is added, because that would move the one under the reader's cursor: new rows wait.
 */
export function mergeFlows(
  shown: FlowSummary[],
  fetched: FlowSummary[],
  hold: boolean,
): { shown: FlowSummary[]; waiting: FlowSummary[] } {
  const fresh = new Map(fetched.map((flow) => [flow.id, flow]));
  const known = new Set(shown.map((flow) => flow.id));
  const renewed = shown.map((flow) => fresh.get(flow.id) ?? flow);
  const added = [...fresh.values()].filter((flow) => !known.has(flow.id));
  if (hold) return { shown: renewed, waiting: added };
  const order = (a: FlowSummary, b: FlowSummary): number => (a.startTime < b.startTime ? 1 : -1);
  return { shown: [...renewed, ...added].sort(order).slice(0, LISTED_FLOWS_MAX), waiting: [] };
}
