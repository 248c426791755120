import { describe, expect, it } from "vitest";
import { play, seen } from "../engine/play.ts";
import { readAlertFile } from "../rules/read-file.ts";
import { formatPeriod, formatValue } from "./format.ts";
import { renderMessage } from "./render.ts";

function render(rule: string, labels = { service: "shop", function: "pay" }, value = 0.125) {
  const read = readAlertFile(`version: 1\nrules: [${rule}]`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const compiled = read.config.rules[0]!;
  const notification = play(compiled.rule, [[seen(labels, value)]]).notifications[0]!;
  const flow = { traceId: "ab", url: "http://h/flows/ab", at: "2026-11-20T12:00:00.000Z", error: "Timeout" };
  return renderMessage(compiled, notification, {
    baseUrl: "http://h",
    background: [{ normal: 0.01, flows: [flow] }],
  });
}

describe("a message", () => {
  it("says what, where, since when, how bad against normal, and which flows to look at", () => {
    const message = render(
      "{ id: e, name: Function fails, kind: error-rate, threshold: 5%, runbook: 'https://wiki.example/e' }",
    );
    expect(message.title).toBe("[FIRING] Function fails: pay (shop): error rate 12.5% (above 5% fires)");
    expect(message.text).toContain("usually 1%; since 2026-11-20T12:00:00.000Z");
    expect(message.text).toContain("http://h/flows/ab");
    expect(message.text).toContain("What to do: https://wiki.example/e");
    expect(message).toMatchObject({ version: 1, kind: "firing", firing: 1, resolved: 0, note: null });
  });

  it("begins with the rule's own summary", () => {
    const message = render(
      "{ id: e, kind: error-rate, threshold: 5%, summary: '{{function}} fails: {{value}} in {{window}}' }",
    );
    expect(message.title).toBe("[FIRING] e: pay fails: 12.5% in 5 min");
  });

  it("37: is sent in the plain form, with the error noted, when the summary names a label that is not there", () => {
    const message = render("{ id: e, kind: error-rate, threshold: 5%, summary: '{{queue}} and {{constructor}}' }");
    expect(message.title).toBe("[FIRING] e: pay (shop): error rate 12.5% (above 5% fires)");
    expect(message.note).toBe("the summary could not be rendered: the alert has no label queue, constructor");
    expect(message.text).toContain(message.note);
  });
});

describe("values", () => {
  it.for([
    [0.125, "share", "12.5%"],
    [1234, "ms", "1.23 s"],
    [90_000, "ms", "1.5 min"],
    [14.4, "times", "14.4x"],
    [0.0123, "money", "$0.012"],
    [null, "count", "no data"],
  ] as const)("%s in %s is read as %s", ([value, unit, text]) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it("are periods that keep their unit small", () => {
    expect([300_000, 259_200_000, 3_600_000].map(formatPeriod)).toEqual(["5 min", "3 d", "1 h"]);
  });
});
