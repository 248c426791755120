/** From what is typed into the editor to a rule, and back. */
import type { RuleInput } from "@hopscope/schema/alert-rules";
import { FIELDS, fieldsOf, kindSpec, type FieldName } from "./rule-fields.ts";

/** What the editor holds: the kind, and every field as it was typed. */
export interface RuleForm {
  readonly kind: string;
  readonly values: Readonly<Record<FieldName, string>>;
  /** Members of the rule that the editor has no field for; they stay as they are. */
  readonly kept: Readonly<Record<string, unknown>>;
}

const NOTHING = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, ""])) as Record<FieldName, string>;
/** Fields whose value the API wants as a number. */
const NUMBERS: ReadonlySet<string> = new Set([
  "threshold",
  "recover",
  "minVolume",
  "maxSeconds",
  "maxRowsRead",
  "pricePerGbSecond",
  "pricePerMillionInvocations",
]);
const SCOPE: ReadonlySet<string> = new Set(["service", "function", "queue"]);

/** The form of a new rule. */
export const NEW_RULE: RuleForm = {
  kind: "error-rate",
  values: { ...NOTHING, threshold: "5%", severity: "warning" },
  kept: {},
};

/** The form with another kind: what both kinds have stays, the threshold begins anew. */
export function withKind(form: RuleForm, kind: string): RuleForm {
  const threshold = kindSpec(kind).threshold?.[1] ?? "";
  const objective = kind === "slo-burn" ? form.values.objective || "99.9%" : form.values.objective;
  return { ...form, kind, values: { ...form.values, threshold, objective, recover: "", window: "", quantile: "" } };
}

/** The rule that a form stands for; the collector checks it and names what is wrong. */
export function ruleOf({ kind, values, kept }: RuleForm): RuleInput {
  const rule: Record<string, unknown> = { ...kept, id: values.id === "" ? "preview" : values.id, kind };
  const scope: Record<string, unknown> = {};
  for (const name of fieldsOf(kindSpec(kind))) {
    const typed = values[name].trim();
    if (typed === "" || name === "id" || name === "noDataFor") continue;
    if (SCOPE.has(name)) scope[name] = typed;
    else if (name === "attributes") scope["attributes"] = pairsOf(typed);
    else rule[name] = valueOf(name, typed, values);
  }
  if (Object.keys(scope).length > 0) rule["scope"] = scope;
  // What is typed may be wrong in any way; the collector's answer names the field.
  return rule as unknown as RuleInput;
}

function valueOf(name: FieldName, typed: string, values: RuleForm["values"]): unknown {
  switch (name) {
    case "groupBy":
      return typed === "none" ? [] : typed.split(",");
    case "notify":
      return typed.split(",").map((one) => one.trim());
    case "mutedByUpstream":
      return typed !== "false";
    case "noData":
      return values.noDataFor.trim() === "" ? typed : { policy: typed, for: values.noDataFor.trim() };
    case "tiers":
      return typed.split("\n").flatMap(tierOf);
    default:
      return NUMBERS.has(name) ? numberOr(typed) : typed;
  }
}

function tierOf(line: string): object[] {
  const [name = "", long = "", short = "", burn = "", severity] = line.trim().split(/[\s,]+/);
  return name === "" ? [] : [{ name, long, short, burn: numberOr(burn), ...(severity && { severity }) }];
}

/** Labels out of `service=shop, function=pay`. */
export function pairsOf(typed: string): Record<string, string> {
  return Object.fromEntries(
    typed.split(",").map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair.trim(), ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function numberOr(typed: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(typed) ? Number(typed) : typed;
}

/** The form of a rule that is there. */
export function formOf(definition: Readonly<Record<string, unknown>>): RuleForm {
  const { kind, scope, ...rest } = definition;
  const { attributes, ...names } = (scope ?? {}) as Record<string, unknown>;
  const values = { ...NOTHING, severity: "warning" };
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(names)) values[name as FieldName] = textOf(value);
  if (attributes) values.attributes = pairsText(attributes as Record<string, string>);
  for (const [name, value] of Object.entries(rest)) {
    if (!Object.hasOwn(FIELDS, name)) kept[name] = value;
    else if (name === "groupBy") values.groupBy = (value as string[]).join(",") || "none";
    else if (name === "tiers") values.tiers = (value as object[]).map(tierText).join("\n");
    else if (name === "noData") Object.assign(values, noDataText(value));
    else values[name as FieldName] = textOf(value);
  }
  return { kind: kindSpec(textOf(kind)).kind, values, kept };
}

function noDataText(value: unknown): { noData: string; noDataFor: string } {
  const { policy, for: period } = typeof value === "string" ? { policy: value, for: undefined } : (value as NoData);
  return { noData: policy === "keep" ? "" : policy, noDataFor: period ?? "" };
}
interface NoData {
  policy: string;
  for?: string | undefined;
}

function tierText(tier: object): string {
  const { name, long, short, burn, severity } = tier as Record<string, unknown>;
  return [name, long, short, burn, severity].flatMap((one) => (one === undefined ? [] : [textOf(one)])).join(" ");
}

function pairsText(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The editor's field that an error of the API is about; undefined where it has none. */
export function fieldOfError(apiField: string | undefined): FieldName | undefined {
  if (apiField === undefined) return undefined;
  const [first = "", second = ""] = apiField.replace(/^scope\./, "").split(/[.[]/);
  if (first === "noData" && second === "for") return "noDataFor";
  return Object.hasOwn(FIELDS, first) ? (first as FieldName) : undefined;
}
