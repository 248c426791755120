import { ruleSchema, type RuleInput } from "@hopscope/schema/alert-rules";
import { describe, expect, it } from "vitest";
import { KINDS } from "./rule-fields.ts";
import { fieldOfError, formOf, NEW_RULE, ruleOf, withKind } from "./rule-form.ts";

describe("the editor", () => {
  it("knows every kind of rule", () => {
    const kinds = ruleSchema.options.map((option) => option.shape.kind.value);
    expect(KINDS.map(({ kind }) => kind).sort()).toEqual(kinds.sort());
  });

  it.for(KINDS.map(({ kind }) => kind))("begins a rule of the kind %s that the collector takes", (kind) => {
    const form = withKind({ ...NEW_RULE, values: { ...NEW_RULE.values, id: "x" } }, kind);
    const filled = kind === "query" ? { ...form, values: { ...form.values, sql: "SELECT 1 AS value" } } : form;
    expect(ruleSchema.safeParse(ruleOf(filled)).error).toBeUndefined();
  });

  it.for<RuleInput>([
    { id: "a", kind: "error-rate", threshold: "5%", recover: 0.03, window: "5m", severity: "critical" },
    { id: "b", kind: "errors", threshold: 3, severity: "info", notify: ["ops", "chat"], for: "5m", keepFiring: "2m" },
    { id: "c", kind: "duration", threshold: "2s", quantile: "p99", severity: "warning", groupBy: [], minVolume: 5 },
    { id: "d", kind: "throughput-drop", threshold: "50%", baseline: "2h", severity: "warning", mutedByUpstream: false },
    { id: "e", kind: "no-data", severity: "warning", noData: { policy: "alert", for: "10m" } },
    { id: "f", kind: "expected", threshold: 2, severity: "warning", scope: { function: "nightly", service: "jobs" } },
    {
      ...{ id: "g", kind: "queue-wait", threshold: "30s", severity: "warning", groupBy: ["queue", "function"] },
      scope: { queue: "orders*", attributes: { tenant: "acme", region: "eu" } },
    },
    { id: "h", kind: "cost", threshold: 1.5, pricePerGbSecond: 0.00002, severity: "warning", noData: "resolve" },
    {
      ...{ id: "i", kind: "slo-burn", objective: "99.9%", severity: "warning" },
      tiers: [
        { name: "fast", long: "1h", short: "5m", burn: 14.4, severity: "critical" },
        { name: "slow", long: "6h", short: "30m", burn: 6 },
      ],
    },
    { id: "j", kind: "query", sql: "SELECT 1 AS value", compare: "below", threshold: 1, maxSeconds: 2, severity: "info" },
    {
      ...{ id: "k", kind: "memory", threshold: "90%", severity: "warning", labels: { team: "shop" } },
      messages: { by: ["function"], repeat: "1h" },
    },
  ])("changes nothing of a rule that is opened and saved: $id $kind", (rule) => {
    expect(ruleOf(formOf(rule))).toEqual(rule);
  });

  it("leaves out what the kind does not have when another is picked", () => {
    const form = formOf({ id: "a", kind: "queue-wait", threshold: "30s", quantile: "p99", scope: { queue: "orders" } });
    expect(ruleOf(withKind(form, "errors"))).toEqual({ id: "a", kind: "errors", threshold: 10, severity: "warning" });
  });

  it.for([
    ["threshold", "threshold"],
    ["scope.service", "service"],
    ["scope.attributes.tenant", "attributes"],
    ["tiers.0.burn", "tiers"],
    ["noData.for", "noDataFor"],
    ["noData", "noData"],
    ["from", undefined],
    [undefined, undefined],
  ] as const)("shows an error of the API about %s at the field %s", ([api, field]) => {
    expect(fieldOfError(api)).toBe(field);
  });
});
