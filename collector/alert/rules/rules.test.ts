import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { matchesPattern } from "../engine/mutes.ts";
import { alertFileJsonSchema } from "./json-schema.ts";
import { describeProblem, readAlertFile, type AlertConfig } from "./read-file.ts";
import { activeMutes, compileSilence, inhibitionMutes, isActive } from "./silences.ts";
import { watchAlertFile } from "./watch-file.ts";

function read(text: string, env = {}): AlertConfig {
  const result = readAlertFile(text, env);
  if (!result.ok) throw new Error(result.problems.map(describeProblem).join("\n"));
  return result.config;
}
function problems(text: string, env = {}): string[] {
  const result = readAlertFile(text, env);
  return result.ok ? [] : result.problems.map(describeProblem);
}

describe("a rules file", () => {
  it("turns shares, periods and percentages into numbers and fills in what the kind implies", () => {
    const [errors, slow] = read(`
version: 1
rules:
  - { id: errors, kind: error-rate, threshold: 5%, recover: 0.03, for: 5m, window: 10m }
  - { id: slow, kind: duration, quantile: p99, threshold: 1.5s }
`).rules;
    expect(errors?.rule).toMatchObject({
      threshold: 0.05,
      recoverThreshold: 0.03,
      forMs: 300_000,
      minVolume: 20,
      comparison: "above",
    });
    expect(errors?.metric).toMatchObject({ windowMs: 600_000, groupBy: ["service", "function"], monotone: false });
    expect(slow?.rule.threshold).toBe(1500);
    expect(slow?.about.noun).toBe("p99 duration");
  });

  it("makes three rules of an SLO, of which the slow one is no page", () => {
    const { rules } = read(`
version: 1
channels: { ops: { type: slack, url: "https://hooks.example/x" } }
defaults: { notify: [ops], labels: { team: shop } }
rules: [{ id: slo, kind: slo-burn, objective: 99.9% }]
`);
    expect(rules.map((one) => [one.rule.id, one.rule.threshold, one.about.severity, one.metric.windowMs])).toEqual([
      ["slo.fast", 14.4, "critical", 3_600_000],
      ["slo.slow", 6, "critical", 21_600_000],
      ["slo.ticket", 1, "info", 259_200_000],
    ]);
    expect(rules[0]?.metric.budget).toBeCloseTo(0.001);
    expect(rules[0]?.about).toMatchObject({ labels: { team: "shop" }, notify: ["ops"] });
  });

  it("takes secrets from the environment", () => {
    const text =
      "version: 1\nchannels:\n  ops: { type: webhook, url: https://a.example, secret: '${HOOK_SECRET}' }\nrules: []\n";
    expect(read(text, { HOOK_SECRET: "s3cret" }).channels.get("ops")).toMatchObject({ secret: "s3cret" });
    expect(problems(text)).toEqual(["line 3: channels.ops: the environment variable HOOK_SECRET is not set"]);
  });

  it.for([
    {
      name: "a threshold that is no share",
      text: "version: 1\nrules:\n  - id: a\n    kind: error-rate\n    threshold: lots\n",
      says: /^line 5: rules\[0\]\.threshold: /,
    },
    {
      name: "an unknown kind",
      text: "version: 1\nrules:\n  - id: a\n    kind: erors\n",
      says: /^line 4: rules\[0\]\.kind: /,
    },
    {
      name: "a field that does not exist",
      text: "version: 1\nrules:\n  - id: a\n    kind: timeouts\n    threshold: 1\n    wndow: 5m\n",
      says: /^line 3: rules\[0\]: .*wndow/,
    },
    {
      name: "an id used twice",
      text: "version: 1\nrules:\n  - {id: a, kind: timeouts, threshold: 1}\n  - {id: a, kind: timeouts, threshold: 2}\n",
      says: /^line 4: rules\[1\]\.id: "a" is the id of an earlier rule/,
    },
    {
      name: "a channel that is not there",
      text: "version: 1\nrules:\n  - {id: a, kind: timeouts, threshold: 1, notify: [ops]}\n",
      says: /^line 3: rules\[0\]\.notify: there is no channel "ops" \(there are: none\)/,
    },
    { name: "text that is no YAML", text: "version: 1\nrules: [\n", says: /^line [23]: / },
    { name: "no version", text: "rules: []\n", says: /version/ },
    {
      name: "an unknown time zone",
      text: "version: 1\nrules: []\nsilences:\n  - {id: n, matchers: {rule: a}, weekly: {days: [mon], from: '22:00', to: '06:00', timeZone: Mars/Base}}\n",
      says: /^line 4: silences\[0\]\.weekly\.timeZone: "Mars\/Base" is no time zone/,
    },
    ...[
      ["more than everything", "{id: a, kind: error-rate, threshold: 5}", /threshold: must be a share of at most 100%/],
      ["a percentage of more than all", "{id: a, kind: memory, threshold: 900%}", /threshold: must be a share of at most 100%/],
      ["a word for a share", "{id: a, kind: error-rate, threshold: banana}", /threshold: must be a share .*"5%" or 0.05/],
      ["an objective that nothing meets", "{id: a, kind: slo-burn, objective: 100%}", /objective: must be above 0% and below 100%/],
      ["an objective of 9990%", "{id: a, kind: slo-burn, objective: 99.9}", /objective: must be a share/],
      ["an end above the beginning", "{id: a, kind: error-rate, threshold: 5%, recover: 9%}", /recover: must not be above threshold/],
      ["an end below the beginning", "{id: a, kind: throughput-drop, threshold: 50%, recover: 20%}", /recover: must not be below/],
      ["an end in another unit", "{id: a, kind: duration, threshold: 900ms, recover: 1s}", /recover: must not be above threshold/],
      ["a query without a value", "{id: a, kind: query, threshold: 1, sql: SELECT 1}", /sql: must have a numeric column named value/],
      ["two statements", "{id: a, kind: query, threshold: 1, sql: SELECT 1 AS value; DROP TABLE spans}", /sql: must be one SELECT/],
    ].map(([name, rule, says]) => ({
      name: String(name),
      text: `version: 1\nrules:\n  - ${String(rule)}\n`,
      says: new RegExp(`^line 3: rules\\[0\\]\\.${(says as RegExp).source}`),
    })),
    ...[
      ["a silence that ends before it begins", "{id: n, matchers: {rule: a}, from: 2026-01-02T00:00:00Z, until: 2026-01-01T00:00:00Z}", /until: must be after from/],
      ["a silence of no time", "{id: n, matchers: {rule: a}, weekly: {days: [mon], from: '22:00', to: '22:00'}}", /weekly\.to: must not be/],
      ["two silences of one id", "{id: n, matchers: {rule: a}}\n  - {id: n, matchers: {rule: b}}", /id: "n" is the id of an earlier silence/],
    ].map(([name, silence, says]) => ({
      name: String(name),
      text: `version: 1\nrules: []\nsilences:\n  - ${String(silence)}\n`,
      says: new RegExp(`^line [45]: silences\\[[01]\\]\\.${(says as RegExp).source}`),
    })),
    {
      name: "a channel that is no web address",
      text: "version: 1\nrules: []\nchannels: {ops: {type: slack, url: 'ftp://x'}}\n",
      says: /^line 3: channels\.ops\.url: must be an http\(s\) URL/,
    },
    { name: "an alias bomb", text: aliasBomb(), says: /alias/i },
  ])("is refused for $name, naming line, field and reason", ({ text, says }) => {
    expect(problems(text).join("\n")).toMatch(says);
  });

  it("is never the cause of a crash, whatever it holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constantFrom("__proto__: {a: 1}", "? [a]: b")), (text) => {
        readAlertFile(text);
      }),
    );
  });

  it("has a published JSON schema for editors, made from what validates it", async () => {
    await expect(`${JSON.stringify(alertFileJsonSchema(), null, 1)}\n`).toMatchFileSnapshot(
      "../../../schema/hopscope.alerts.schema.json",
    );
  });

  it("changes a rule's identity with its labels and its version with its threshold, and neither otherwise", () => {
    const of = (rule: string) => read(`version: 1\nrules: [${rule}]`).rules[0]?.rule;
    const base = of("{ id: a, kind: timeouts, threshold: 1 }");
    const renamed = of("{ id: a, kind: timeouts, threshold: 1, name: Other }");
    const labelled = of("{ id: a, kind: timeouts, threshold: 1, labels: { x: y } }");
    const raised = of("{ id: a, kind: timeouts, threshold: 2 }");
    expect(renamed).toEqual(base);
    expect(labelled?.identity).not.toBe(base?.identity);
    expect(raised?.identity).toBe(base?.identity);
    expect(raised?.version).not.toBe(base?.version);
  });
});

function aliasBomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let n = 1; n < 9; n++)
    lines.push(`a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(", ")}]`);
  return lines.join("\n");
}

describe("watching a rules file", () => {
  const good = "version: 1\nrules: [{ id: a, kind: timeouts, threshold: 1 }]\n";

  it("takes a change into force, keeps the last good rules over a broken one, and says line and reason", async () => {
    const folder = await mkdtemp(join(tmpdir(), "alerts-"));
    const path = join(folder, "hopscope.alerts.yml");
    const heard: string[][] = [];
    await writeFile(path, good);
    const watcher = await watchAlertFile(path, {}, (file) => heard.push(file.problems.map(describeProblem)));
    try {
      expect(watcher.current().config.rules).toHaveLength(1);
      await writeFile(`${path}.new`, good.replace("threshold: 1", "threshold: x"));
      await rename(`${path}.new`, path);
      await vi.waitFor(() => expect(watcher.current().problems).toHaveLength(1), { timeout: 5_000 });
      expect(watcher.current().config.rules).toHaveLength(1);
      expect(describeProblem(watcher.current().problems[0]!)).toMatch(/^line 2: rules\[0\]\.threshold/);
      await writeFile(path, good.replace("id: a", "id: b"));
      await vi.waitFor(() => expect(watcher.current().config.rules[0]?.rule.id).toBe("b"), { timeout: 5_000 });
      expect(watcher.current().problems).toEqual([]);
      await writeFile(path, "");
      await vi.waitFor(() => expect(watcher.current().problems).toHaveLength(1), { timeout: 5_000 });
      expect(watcher.current().config.rules[0]?.rule.id).toBe("b");
      expect(describeProblem(watcher.current().problems[0]!)).toMatch(/must begin with "version: 1"/);
      await rm(path);
      await vi.waitFor(() => expect(watcher.current().config.rules).toEqual([]), { timeout: 5_000 });
      expect(watcher.current().problems).toMatchObject([{ message: expect.stringContaining("is gone") as string }]);
      expect(heard.length).toBeGreaterThanOrEqual(4);
    } finally {
      watcher.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe("a silence", () => {
  const nights = compileSilence({
    id: "nights",
    matchers: { team: "shop*" },
    weekly: { days: ["fri", "sat"], from: "22:00", to: "06:00", timeZone: "Europe/Amsterdam" },
  });

  it.for([
    ["2026-11-20T20:59:00Z", false],
    ["2026-11-20T21:00:00Z", true],
    ["2026-11-21T04:59:00Z", true],
    ["2026-11-21T05:00:00Z", false],
    ["2026-11-21T21:30:00Z", true],
    ["2026-11-22T04:30:00Z", true],
    ["2026-11-22T21:30:00Z", false],
    // Summer time there: an hour earlier by UTC.
    ["2026-07-17T20:00:00Z", true],
    ["2026-07-17T19:59:00Z", false],
    ["2026-07-18T04:00:00Z", false],
  ] as const)("that recurs is in force by its own time zone at %s: %s", ([at, active]) => {
    expect(isActive(nights, Date.parse(at))).toBe(active);
  });

  it("that is one-off ends by itself", () => {
    const one = compileSilence({
      id: "x",
      matchers: { f: "a" },
      from: "2026-11-20T10:00:00Z",
      until: "2026-11-20T11:00:00Z",
    });
    expect([9, 10, 11].map((hour) => activeMutes([one], Date.UTC(2026, 10, 20, hour)).length)).toEqual([0, 1, 0]);
  });
});

describe("an inhibition", () => {
  it("mutes targets with the same labels, and never an alert that is its own source", () => {
    const { rules, inhibitions } = read(`
version: 1
rules:
  - { id: down, kind: no-data, groupBy: [service] }
  - { id: errors, kind: errors, threshold: 1, groupBy: [service] }
inhibit: [{ source: { rule: down }, target: { rule: errors }, equal: [service] }]
`);
    const firing = { phase: "firing", labels: { service: "shop" } };
    const states = new Map([
      ["down", { series: { a: firing } }],
      ["errors", { series: { a: firing } }],
    ]) as never;
    expect(inhibitionMutes(inhibitions, rules, states).map(({ mute }) => mute.matchers)).toEqual([
      [
        { label: "rule", pattern: "errors" },
        { label: "service", pattern: "shop" },
      ],
    ]);
  });
});

describe("a pattern", () => {
  it.for([
    ["payment", "pay*", true],
    ["payment", "*ment", true],
    ["payment", "p*m*t", true],
    ["payment", "p*x*t", false],
    ["aa", "a*a", true],
    ["a", "a*a", false],
    ["payment", "payment", true],
    ["", "*", true],
  ] as const)("%s against %s: %s", ([text, pattern, fits]) => {
    expect(matchesPattern(text, pattern)).toBe(fits);
  });
});

describe("the rule pack", () => {
  it("is valid", async () => {
    const text = await readFile(new URL("../pack/serverless.yml", import.meta.url), "utf8");
    expect(read(text).rules.map((one) => one.about.kind)).toEqual([
      "error-rate",
      "timeouts",
      "cold-start-rate",
      "dead-letters",
      "queue-wait",
      "memory",
    ]);
  });
});
