/** From what is typed into the editor to a rule. */
import type { RuleInput, RuleKind } from "@hopscope/schema/alert-rules";

/** Kinds that the editor makes; the others are for the file. */
export const EDITOR_KINDS: readonly { kind: RuleKind; label: string; threshold: string; window: string }[] = [
  { kind: "error-rate", label: "Error rate above", threshold: "5%", window: "5m" },
  { kind: "errors", label: "Errors, at least", threshold: "10", window: "5m" },
  { kind: "timeouts", label: "Timeouts, at least", threshold: "3", window: "5m" },
  { kind: "cold-start-rate", label: "Cold-start rate above", threshold: "50%", window: "15m" },
  { kind: "duration", label: "Duration (p95) above", threshold: "1s", window: "5m" },
  { kind: "init-duration", label: "Init duration (p95) above", threshold: "1s", window: "15m" },
  { kind: "throughput-drop", label: "Invocations below share of usual", threshold: "50%", window: "10m" },
  { kind: "expected", label: "Expected runs, at least", threshold: "1", window: "1h" },
  { kind: "dead-letters", label: "Dead letters, at least", threshold: "1", window: "5m" },
  { kind: "queue-wait", label: "Time in queue (p95) above", threshold: "30s", window: "5m" },
  { kind: "attempts", label: "Deliveries of one message, at least", threshold: "3", window: "5m" },
  { kind: "memory", label: "Memory used, share of limit, above", threshold: "90%", window: "5m" },
  { kind: "cost", label: "Estimated cost above", threshold: "1", window: "1h" },
];

/** What the editor holds: every field as it was typed. */
export interface RuleForm {
  readonly id: string;
  readonly kind: RuleKind;
  readonly threshold: string;
  readonly window: string;
  readonly for: string;
  readonly service: string;
  readonly function: string;
  readonly queue: string;
  readonly severity: "info" | "warning" | "critical";
  readonly notify: string;
}

/** The form of a new rule. */
export const NEW_RULE: RuleForm = {
  id: "",
  kind: "error-rate",
  threshold: "5%",
  window: "5m",
  for: "0s",
  service: "",
  function: "",
  queue: "",
  severity: "warning",
  notify: "",
};

/** The rule that a form stands for; the collector checks it and names what is wrong. */
export function ruleOf(form: RuleForm): RuleInput {
  const scope = Object.fromEntries(
    (["service", "function", "queue"] as const).flatMap((name) => (form[name] === "" ? [] : [[name, form[name]]])),
  );
  const threshold = /^\d+(\.\d+)?$/.test(form.threshold) ? Number(form.threshold) : form.threshold;
  const notify = form.notify.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  const rule = {
    id: form.id === "" ? "preview" : form.id,
    kind: form.kind,
    threshold,
    window: form.window,
    for: form.for,
    severity: form.severity,
    ...(Object.keys(scope).length > 0 && { scope }),
    ...(notify.length > 0 && { notify }),
  };
  // What is typed may be wrong in any way; the collector's answer names the field.
  return rule as RuleInput;
}

/** The form of a rule that is there. */
export function formOf(definition: Readonly<Record<string, unknown>>): RuleForm {
  const text = (value: unknown, fallback: string): string =>
    typeof value === "string" || typeof value === "number" ? String(value) : fallback;
  const scope = (definition["scope"] ?? {}) as Record<string, unknown>;
  const { notify } = definition;
  return {
    ...NEW_RULE,
    id: text(definition["id"], ""),
    kind: text(definition["kind"], NEW_RULE.kind) as RuleKind,
    threshold: text(definition["threshold"], ""),
    window: text(definition["window"], EDITOR_KINDS.find(({ kind }) => kind === definition["kind"])?.window ?? "5m"),
    for: text(definition["for"], "0s"),
    service: text(scope["service"], ""),
    function: text(scope["function"], ""),
    queue: text(scope["queue"], ""),
    severity: text(definition["severity"], "warning") as RuleForm["severity"],
    notify: Array.isArray(notify) ? notify.join(", ") : "",
  };
}
