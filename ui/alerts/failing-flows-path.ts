import type { AlertHistory } from "@hopscope/schema/alert-api";
import { flowListPath } from "../route/view.ts";

type Change = AlertHistory["changes"][number];

/** Longest time before a window's end at which a flow began that the window tells of, milliseconds. */
const LEAD_MS = 3_600_000;
/** What is counted in the newest minute ends with it, milliseconds. */
const MINUTE_MS = 60_000;

/**
 * Returns the address of the failing flows of one firing (of a queue, of all that went through it): from an hour
 * before the window that made it fire ended, up to its end in the history or up to now. Undefined where no label names
 * a service, function or queue.
 */
export function failingFlowsPath(change: Change, changes: readonly Change[]): string | undefined {
  const { service, function: name, queue } = change.labels;
  if (service === undefined && name === undefined && queue === undefined) return undefined;
  const began = change.change === "resolved" ? nearest(changes, change, "fired") : change;
  const ended = change.change === "fired" ? nearest(changes, change, "resolved") : change;
  // What a queue's alert tells of has not failed everywhere: it waited, or came again.
  const status = queue === undefined ? "error" : undefined;
  const from = new Date(Date.parse((began ?? change).windowEnd) - LEAD_MS).toISOString();
  const to = ended && new Date(Date.parse(ended.windowEnd) + MINUTE_MS).toISOString();
  return flowListPath({ service, function: name, destination: queue, status, from, to });
}

/** The last begin before the change, or the first end after it, of the same alert. */
function nearest(changes: readonly Change[], change: Change, kind: "fired" | "resolved"): Change | undefined {
  const same = changes
    .filter((one) => one.change === kind && alertOf(one) === alertOf(change))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return kind === "fired" ? same.findLast(({ at }) => at <= change.at) : same.find(({ at }) => at >= change.at);
}

function alertOf({ ruleId, condition, labels }: Change): string {
  return JSON.stringify([ruleId, condition, Object.entries(labels).sort()]);
}
