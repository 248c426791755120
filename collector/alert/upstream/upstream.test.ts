/** A silent upstream mutes its downstream: histories of a chain, and who feeds whom out of stored spans. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "../../../test/support/test-store.ts";
import { minute, seen } from "../engine/play.ts";
import type { Observation, RuleState, Sample } from "../engine/types.ts";
import type { CompiledRule } from "../rules/compiled.ts";
import { readAlertFile } from "../rules/read-file.ts";
import { evaluateAll } from "../runner/evaluate-all.ts";
import { dependenciesOf, nodeKey, type Dependencies, type Feed } from "./dependencies.ts";
import { upstreamMutes } from "./explain.ts";
import { DependencyReader } from "./load.ts";

const node = (name: string) => ({ service: name, function: name });
const fedBy = (name: string, upstreams: Record<string, number>, unknown = 0): Feed => ({
  node: node(name),
  upstreams: new Map(Object.entries(upstreams).map(([from, count]) => [nodeKey(node(from)), count])),
  unknown,
});
/** order -> payment -> receipt; order is called from outside. */
const CHAIN = dependenciesOf([
  fedBy("order", {}, 100),
  fedBy("payment", { order: 100 }),
  fedBy("receipt", { payment: 100 }),
]);

function rulesOf(lines: readonly string[]): CompiledRule[] {
  const read = readAlertFile(`version: 1\nrules:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return [...read.config.rules];
}

/** What one rule sees at a minute: a value by function; null where it has none. */
type Values = Record<string, number>;

/** Plays minutes of one or several rules; `F payment@3` and so on, with the rule's id where there are several. */
function told(
  lines: readonly string[],
  minutes: readonly Record<string, Values>[],
  dependencies: Dependencies = CHAIN,
): { told: string[]; muted: string[] } {
  const rules = rulesOf(lines);
  const states = new Map<string, RuleState>();
  const lines_: string[] = [];
  const muted = new Set<string>();
  for (const [n, values] of minutes.entries()) {
    const atMs = minute(n);
    const samples = new Map<string, Sample>(
      rules.map(({ rule }) => [rule.id, { atMs, windowEndMs: atMs, series: seriesOf(values[rule.id] ?? {}) }]),
    );
    const situation = { rules, states, known: new Map(), samples, silences: [], inhibitions: [], atMs, nowMs: atMs };
    const first = evaluateAll(situation);
    const upstream = upstreamMutes(rules, first.states, dependencies, atMs);
    for (const [rule, keys] of upstream) for (const by of keys.values()) muted.add(`${rule} by ${by}`);
    const outcome = evaluateAll({ ...situation, upstream });
    for (const [id, state] of outcome.states) if (state !== null) states.set(id, state);
    for (const { notification } of outcome.notifications) {
      for (const { status, labels } of notification.alerts) {
        const kind = status === "resolved" ? "R" : notification.kind === "repeat" ? "repeat" : "F";
        lines_.push(`${kind} ${labels["function"] ?? ""}@${n}${rules.length > 1 ? ` ${notification.ruleId}` : ""}`);
      }
    }
  }
  return { told: lines_.sort((a, b) => minuteOf(a) - minuteOf(b)), muted: [...muted].sort() };
}
const minuteOf = (line: string): number => Number(/@(\d+)/.exec(line)?.[1]);

function seriesOf(values: Values): Observation[] {
  return Object.entries(values).map(([name, value]) => seen({ service: name, function: name }, value));
}

/** Minutes of the rule `silent`: each function speaks, except from one minute to before another. */
function silences(count: number, quiet: Record<string, [from: number, to: number]>): Record<string, Values>[] {
  return Array.from({ length: count }, (_, n) => ({
    silent: Object.fromEntries(
      ["order", "payment", "receipt"].map((name) => {
        const [from, to] = quiet[name] ?? [Infinity, Infinity];
        return [name, n >= from && n < to ? 0 : 50];
      }),
    ),
  }));
}

const NO_DATA = "{ id: silent, kind: no-data, window: 5m, messages: { interval: 0s } }";
const DROP = "{ id: drop, kind: throughput-drop, threshold: 50%, window: 5m, messages: { interval: 0s } }";

describe("28: a silent upstream", () => {
  it("mutes what it feeds, also through another, and the words say which it is", () => {
    const result = told([NO_DATA], silences(20, { order: [2, 10], payment: [2, 11], receipt: [4, 12] }));
    expect(result).toEqual({ told: ["F order@2", "R order@10"], muted: ["silent by order (silent)"] });
  });

  it("mutes what it feeds under another rule", () => {
    const lines = [NO_DATA, DROP];
    const minutes = silences(12, { order: [2, 12] }).map((values, n) => ({
      ...values,
      drop: { payment: n >= 3 ? 0.1 : 1 },
    }));
    expect(told(lines, minutes)).toEqual({ told: ["F order@2 silent"], muted: ["drop by order (silent)"] });
  });

  it("leaves its downstream to be told once it is back and a window has passed in which they should be, too", () => {
    const { told: lines } = told([NO_DATA], silences(24, { order: [2, 10], payment: [2, 20] }));
    expect(lines).toEqual(["F order@2", "R order@10", "F payment@15", "R payment@20"]);
  });

  it("mutes no downstream that is silent alone", () => {
    expect(told([NO_DATA], silences(12, { payment: [2, 5] })).told).toEqual(["F payment@2", "R payment@5"]);
  });

  it("does not hold back the end of an alert that was told before it", () => {
    const { told: lines } = told([NO_DATA], silences(20, { payment: [2, 8], order: [5, 15] }));
    expect(lines).toEqual(["F payment@2", "F order@5", "R payment@8", "R order@15"]);
  });

  it("mutes nothing where the rule says so", () => {
    const rule = "{ id: silent, kind: no-data, window: 5m, mutedByUpstream: false, messages: { interval: 0s } }";
    const { told: lines, muted } = told([rule], silences(6, { order: [2, 6], payment: [3, 6] }));
    expect({ lines, muted }).toEqual({ lines: ["F order@2", "F payment@3"], muted: [] });
  });

  it("explains the silence that a rule of another kind is told to alert about", () => {
    const errors =
      "{ id: errors, kind: error-rate, threshold: 5%, minVolume: 0, noData: { policy: alert, for: 2m }, messages: { interval: 0s } }";
    const minutes = Array.from({ length: 12 }, (_, n): Record<string, Values> => ({
      errors: n < 3 ? { order: 0, payment: 0, other: 0 } : { other: 0 },
    }));
    expect(told([errors], minutes)).toEqual({ told: ["F order@5"], muted: ["errors by order (errors)"] });
  });
});

describe("a downstream that is not explained", () => {
  const quiet = silences(6, { order: [2, 6], payment: [2, 6] });

  it.for<[string, Dependencies, string[]]>([
    [
      "is told where a good part came from elsewhere",
      dependenciesOf([fedBy("payment", { order: 80, shop: 20 })]),
      ["F order@2", "F payment@2"],
    ],
    [
      "is told where a good part came from nobody knows where",
      dependenciesOf([fedBy("payment", { order: 80 }, 20)]),
      ["F order@2", "F payment@2"],
    ],
    ["is told where nothing is known", dependenciesOf([]), ["F order@2", "F payment@2"]],
    [
      "is told where two feed each other: one would mute the other, and nobody would hear",
      dependenciesOf([fedBy("order", { payment: 100 }), fedBy("payment", { order: 100 })]),
      ["F order@2", "F payment@2"],
    ],
    [
      "is muted where it feeds itself, too, as one that tries again does",
      dependenciesOf([fedBy("payment", { order: 50, payment: 50 })]),
      ["F order@2"],
    ],
    [
      "is muted below a circle that its upstream is in",
      dependenciesOf([
        fedBy("order", { cart: 10 }, 90),
        fedBy("cart", { order: 100 }),
        fedBy("payment", { cart: 100 }),
      ]),
      ["F order@2"],
    ],
  ])("%s", ([, dependencies, expected]) => {
    expect(told([NO_DATA], quiet, dependencies).told).toEqual(expected);
  });

  it("is told where it is silent and its upstream only gets fewer; a drop is muted by a drop", () => {
    const minutes = [{ drop: { order: 0.3, payment: 0.3 }, silent: { order: 50, payment: 0 } }];
    expect(told([DROP, NO_DATA], minutes)).toEqual({
      told: ["F order@0 drop", "F payment@0 silent"],
      muted: ["drop by order (drop)"],
    });
  });
});

describe("who feeds whom", () => {
  let db: TestStore;
  beforeAll(async () => {
    db = await createTestStore();
  });
  afterAll(() => db.close());

  it("is read from the caller that messages name, and from who sends to a queue", async () => {
    const t0 = Math.floor(Date.now() / 3_600_000) * 3600 - 3 * 3600;
    // kind, service, trigger, operation, system, destination, tracestate, tracestates of links
    const spans: [number, string, string, string, string, string, string, string[]][] = [
      [2, "order", "http", "", "", "", "", []],
      [4, "order", "", "send", "aws.sns", "orders", "", []],
      [5, "payment", "pubsub", "process", "aws_sqs", "payments", "dd=s:1,hs=t:abc;s:order", []],
      [5, "batch", "pubsub", "process", "aws_sqs", "batches", "", ["hs=t:a;s:caf%C3%A9", "hs=t:b;s:order"]],
      [4, "plain", "", "send", "aws_sqs", "plain-jobs", "", []],
      [5, "worker", "pubsub", "process", "aws_sqs", "plain-jobs", "", []],
      [5, "lost", "pubsub", "process", "aws_sqs", "from-nowhere", "", []],
    ];
    for (const [kind, service, trigger, operation, system, destination, state, links] of spans) {
      await db.store.command(
        `INSERT INTO spans (trace_id, span_ids, start_time, duration_ns, kind, service_name, faas_name, faas_trigger,
           messaging_operation_type, messaging_system, messaging_destination_name, trace_state, links.trace_state,
           links.trace_id, links.span_id, links.attributes, links.dropped_attributes_count, links.flags)
         SELECT randomFixedString(16), randomFixedString(8), toDateTime64({at:UInt32}, 9), 1000000, {kind:UInt8},
           {service:String}, {service:String}, {trigger:String}, {operation:String}, {system:String},
           {destination:String}, {state:String}, {links:Array(String)},
           arrayMap(x -> toFixedString('a', 16), {links:Array(String)}), arrayMap(x -> toFixedString('a', 8), {links:Array(String)}),
           {links:Array(String)}, arrayMap(x -> 0, {links:Array(String)}), arrayMap(x -> 0, {links:Array(String)})
         FROM numbers(10)`,
        { at: t0, kind, service, trigger, operation, system, destination, state, links },
      );
    }
    const { feeds } = await new DependencyReader(db.store).at((t0 + 7200) * 1000);
    const read = Object.fromEntries(
      [...feeds.values()].map(({ node: { service }, upstreams, unknown }) => [
        service,
        { from: [...upstreams].map(([key, count]) => `${(JSON.parse(key) as string[])[1]} ${count}`), unknown },
      ]),
    );
    expect(read).toEqual({
      order: { from: [], unknown: 10 },
      payment: { from: ["order 10"], unknown: 0 },
      batch: { from: ["café 5", "order 5"], unknown: 0 },
      worker: { from: ["plain 10"], unknown: 0 },
      lost: { from: [], unknown: 10 },
    });
  });
});
