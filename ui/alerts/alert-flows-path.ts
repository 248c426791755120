import type { AlertHistory, AlertRule } from "@hopscope/schema/alert-api";
import { flowListPath } from "../route/view.ts";

type Change = AlertHistory["changes"][number];
/** What a link must know of the rule. */
type RuleTimes = Pick<AlertRule, "kind" | "windowMs" | "forMs">;

/** A flow began before what it is counted by: so long before the window, milliseconds. */
const LEAD_MS = 60_000;
/** What is counted in the newest minute ends with it, milliseconds. */
const MINUTE_MS = 60_000;
/** Window of a rule that is gone: nobody knows it any more, milliseconds. */
const WINDOW_UNKNOWN_MS = 3_600_000;
/** Kinds whose alerts tell of failures; the others' flows may all have ended well. */
const FAILING_KINDS: ReadonlySet<string> = new Set(["error-rate", "errors", "timeouts", "slo-burn"]);

/** Where a link leads, and what it is called. */
export interface AlertFlows {
  readonly path: string;
  readonly words: "Failing flows" | "Flows";
}

/**
 * The flows of an alert that fires now: from the beginning of the window in which its condition first held. Undefined
 * where no label names a service, function or queue.
 */
export function flowsOfAlert(
  { labels, since }: Pick<AlertRule["alerts"][number], "labels" | "since">,
  rule: RuleTimes,
): AlertFlows | undefined {
  return flowsOf(labels, rule.kind, { fromMs: Date.parse(since) - rule.windowMs - LEAD_MS });
}

/**
 * The flows of one firing in the history: from the beginning of the window in which its condition first held, up to
 * its end there or up to now. Undefined where no label names a service, function or queue.
 */
export function flowsOfChange(
  change: Change,
  changes: readonly Change[],
  rule: RuleTimes | undefined,
): AlertFlows | undefined {
  const began = change.change === "resolved" ? nearest(changes, change, "fired") : change;
  const ended = change.change === "fired" ? nearest(changes, change, "resolved") : change;
  // A window that was seen late was judged by itself.
  const heldMs = rule === undefined || change.change === "late-breach" ? 0 : rule.forMs;
  const backMs = (rule?.windowMs ?? WINDOW_UNKNOWN_MS) + heldMs + LEAD_MS;
  return flowsOf(change.labels, rule?.kind, {
    fromMs: Date.parse((began ?? change).windowEnd) - backMs,
    toMs: ended && Date.parse(ended.windowEnd) + MINUTE_MS,
  });
}

function flowsOf(
  { service, function: name, queue }: Readonly<Record<string, string>>,
  kind: string | undefined,
  { fromMs, toMs }: { fromMs: number; toMs?: number | undefined },
): AlertFlows | undefined {
  if (service === undefined && name === undefined && queue === undefined) return undefined;
  const isFailing = kind !== undefined && FAILING_KINDS.has(kind);
  const path = flowListPath({
    service,
    function: name,
    destination: queue,
    status: isFailing ? "error" : undefined,
    from: new Date(fromMs).toISOString(),
    to: toMs === undefined ? undefined : new Date(toMs).toISOString(),
  });
  return { path, words: isFailing ? "Failing flows" : "Flows" };
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
