/** What each kind of rule is asked for: the one table that the editor is drawn from and reads its form by. */
import type { RuleKind } from "@hopscope/schema/alert-rules";

/** Fields of the editor; `noDataFor`, `attributes` and the like are members within members of a rule. */
export type FieldName =
  | "id"
  | "name"
  | "threshold"
  | "recover"
  | "quantile"
  | "compare"
  | "baseline"
  | "objective"
  | "tiers"
  | "pricePerGbSecond"
  | "pricePerMillionInvocations"
  | "sql"
  | "maxSeconds"
  | "maxRowsRead"
  | "window"
  | "for"
  | "keepFiring"
  | "minVolume"
  | "noData"
  | "noDataFor"
  | "mutedByUpstream"
  | "service"
  | "function"
  | "queue"
  | "attributes"
  | "groupBy"
  | "severity"
  | "notify"
  | "summary"
  | "runbook";

/** How the editor shows a field: typed where it has no options. */
export interface FieldSpec {
  readonly label: string;
  /** Shown where nothing is typed: the default, or an example. */
  readonly hint?: string;
  /** Values and their words; a field with options is a list to pick from. */
  readonly options?: readonly (readonly [value: string, words: string])[];
  /** Several lines. */
  readonly isLong?: boolean;
}

/** A kind of rule as the editor has it: its name there, and what it asks for. */
export interface KindSpec {
  readonly kind: RuleKind;
  readonly label: string;
  /** Label of the threshold, and what it begins with; null where the kind has none. */
  readonly threshold: readonly [label: string, start: string] | null;
  /** Beside the threshold. */
  readonly fields: readonly FieldName[];
  readonly scope: readonly FieldName[];
}

const FUNCTION_SCOPE = ["service", "function", "attributes", "groupBy"] as const;
const QUEUE_SCOPE = ["queue", "service", "function", "attributes", "groupBy"] as const;

/** Every kind of rule, in the order of the list to pick from. */
export const KINDS: readonly KindSpec[] = [
  of("error-rate", "Error rate above", ["Share of invocations", "5%"], ["recover", "window"]),
  of("errors", "Errors, at least", ["Failed invocations", "10"], ["recover", "window"]),
  of("timeouts", "Timeouts, at least", ["Timeouts", "3"], ["recover", "window"]),
  of("cold-start-rate", "Cold-start rate above", ["Share of invocations", "50%"], ["recover", "window"]),
  of("duration", "Duration above", ["Longer than", "1s"], ["quantile", "recover", "window"]),
  of("init-duration", "Init duration above", ["Longer than", "1s"], ["quantile", "recover", "window"]),
  of("throughput-drop", "Throughput drops", ["Below share of usual", "50%"], ["recover", "window", "baseline"]),
  of("no-data", "No invocations at all", null, ["window"]),
  of("expected", "Fewer runs than expected (cron)", ["Runs expected, at least", "1"], ["window"]),
  of("memory", "Memory near its limit", ["Share of the limit", "90%"], ["recover", "window"]),
  of("cost", "Estimated cost above", ["Cost of the window", "1"], [
    "recover",
    "window",
    "pricePerGbSecond",
    "pricePerMillionInvocations",
  ]),
  of("slo-burn", "SLO burns too fast", null, ["objective", "tiers"]),
  of("dead-letters", "Dead letters, at least", ["Messages", "1"], ["recover", "window"], QUEUE_SCOPE),
  of("queue-wait", "Time in queue above", ["Longer than", "30s"], ["quantile", "recover", "window"], QUEUE_SCOPE),
  of("attempts", "Deliveries of one message, at least", ["Deliveries", "3"], ["recover", "window"], QUEUE_SCOPE),
  of(
    "query",
    "A query of your own",
    ["Threshold", "1"],
    ["compare", "recover", "window", "maxSeconds", "maxRowsRead", "sql"],
    [],
  ),
];

function of(
  kind: RuleKind,
  label: string,
  threshold: KindSpec["threshold"],
  fields: readonly FieldName[],
  scope: readonly FieldName[] = FUNCTION_SCOPE,
): KindSpec {
  return { kind, label, threshold, fields, scope };
}

/** Fields of every kind that most rules leave as they are. */
export const MORE_FIELDS: readonly FieldName[] = [
  "for",
  "keepFiring",
  "minVolume",
  "noData",
  "noDataFor",
  "mutedByUpstream",
  "summary",
  "runbook",
];
/** Whom to tell, and how loudly. */
const TELL_FIELDS: readonly FieldName[] = ["severity", "notify"];

/** The kind's row of the table; the first where there is no such kind. */
export function kindSpec(kind: string): KindSpec {
  const [first] = KINDS;
  const found = KINDS.find((one) => one.kind === kind) ?? first;
  if (found === undefined) throw new Error("there is a kind");
  return found;
}

/** Every field that a rule of a kind has in the editor. */
export function fieldsOf({ threshold, fields, scope }: KindSpec): readonly FieldName[] {
  return ["id", "name", ...(threshold ? (["threshold"] as const) : []), ...fields, ...scope, ...TELL_FIELDS, ...MORE_FIELDS];
}

/** How each field is shown. */
export const FIELDS: Readonly<Record<FieldName, FieldSpec>> = {
  id: { label: "Id", hint: "payment-fails" },
  name: { label: "Name", hint: "the id" },
  threshold: { label: "Threshold" },
  recover: { label: "Ends only past", hint: "the threshold" },
  quantile: {
    label: "Of the",
    options: [
      ["", "default (p95)"],
      ["p50", "p50"],
      ["p95", "p95"],
      ["p99", "p99"],
    ],
  },
  compare: {
    label: "Fires when the value is",
    options: [
      ["", "above"],
      ["at-least", "at least"],
      ["below", "below"],
      ["at-most", "at most"],
    ],
  },
  baseline: { label: "Usual is that of the", hint: "1h" },
  objective: { label: "Good invocations promised", hint: "99.9%" },
  tiers: { label: "Tiers: name, long, short, burn, severity", hint: "fast 1h 5m 14.4 critical", isLong: true },
  pricePerGbSecond: { label: "Price of a GB-second", hint: "0.0000166667" },
  pricePerMillionInvocations: { label: "Price of a million", hint: "0.20" },
  sql: {
    label: "SELECT with a column value; text columns are labels",
    hint: "SELECT count() AS value FROM spans WHERE start_time >= {from:DateTime} AND start_time < {to:DateTime}",
    isLong: true,
  },
  maxSeconds: { label: "Seconds at most", hint: "5" },
  maxRowsRead: { label: "Rows read at most", hint: "100000000" },
  window: { label: "Over", hint: "by kind: 5m to 1h" },
  for: { label: "For at least", hint: "0s" },
  keepFiring: { label: "Ends when clear for", hint: "0s" },
  minVolume: { label: "Least volume to judge", hint: "by kind" },
  noData: {
    label: "Without data",
    options: [
      ["", "keep the state"],
      ["resolve", "end the alert"],
      ["alert", "alert"],
    ],
  },
  noDataFor: { label: "Alert after", hint: "0s" },
  mutedByUpstream: {
    label: "When an upstream is silent",
    options: [
      ["", "say nothing of its downstream"],
      ["false", "tell anyway"],
    ],
  },
  service: { label: "Service", hint: "all, * for any characters" },
  function: { label: "Function", hint: "all" },
  queue: { label: "Queue", hint: "all" },
  attributes: { label: "Attributes", hint: "tenant=acme, region=eu" },
  groupBy: {
    label: "One alert for each",
    options: [
      ["", "by kind"],
      ["service,function", "function"],
      ["service", "service"],
      ["queue", "queue"],
      ["queue,function", "queue and function"],
      ["none", "one of all"],
    ],
  },
  severity: {
    label: "Severity",
    options: [
      ["info", "info"],
      ["warning", "warning"],
      ["critical", "critical"],
    ],
  },
  notify: { label: "Tell" },
  summary: { label: "Message", hint: "{{function}} fails: {{value}}" },
  runbook: { label: "Runbook", hint: "https://" },
};
