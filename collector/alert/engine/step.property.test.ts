/**
 * Row 40 of the list of histories: whatever happens, whenever the engine is restarted, every episode is told at
 * least once and its end after it; never an end without a beginning, never two beginnings without a mark.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyState } from "./empty-state.ts";
import { MINUTE_MS } from "./limits.ts";
import { aRule, minute, seen } from "./play.ts";
import { step } from "./step.ts";
import type { Mute, Notification, Rule, RuleState, Sample } from "./types.ts";

const NAMES = ["a", "b", "c"];
const CALM_MINUTES = 90;

interface Turn {
  values: (number | null)[];
  volume: number;
  failed: boolean;
  restarted: boolean;
  /** Minutes that pass before this evaluation. */
  gap: number;
  muted: boolean;
  late: boolean;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  values: fc.array(fc.option(fc.constantFrom(0, 0.4, 1), { freq: 6 }), { minLength: 3, maxLength: 3 }),
  volume: fc.constantFrom(100, 100, 100, 5),
  failed: fc.constantFrom(false, false, false, false, true),
  restarted: fc.boolean(),
  gap: fc.constantFrom(1, 1, 1, 1, 1, 2, 7, 130),
  muted: fc.constantFrom(false, false, false, true),
  late: fc.constantFrom(false, false, false, true),
});
const minutes = fc.constantFrom(0, 1, 3, 5);
const ruleArbitrary: fc.Arbitrary<Rule> = fc
  .record({
    forMs: minutes,
    keepFiringMs: minutes,
    waitMs: minutes,
    intervalMs: minutes,
    policy: fc.constantFrom("keep" as const, "resolve" as const, "alert" as const),
    by: fc.constantFrom<readonly string[]>([], ["f"]),
    recover: fc.constantFrom(0.5, 0.3),
    missing: fc.constantFrom(3, 60),
  })
  .map((given) =>
    aRule({
      forMs: given.forMs * MINUTE_MS,
      keepFiringMs: given.keepFiringMs * MINUTE_MS,
      recoverThreshold: given.recover,
      minVolume: 20,
      missingMs: given.missing * MINUTE_MS,
      noData: { policy: given.policy, forMs: 2 * MINUTE_MS },
      group: {
        by: given.by,
        waitMs: given.waitMs * MINUTE_MS,
        intervalMs: given.intervalMs * MINUTE_MS,
        repeatMs: 60 * MINUTE_MS,
      },
    }),
  );

const mute: Mute = { id: "m", kind: "silence", matchers: [{ label: "f", pattern: "b" }] };

interface Lived {
  notifications: Notification[];
  /** Evaluations at which a series began to fire, unmuted, untold, with nothing to hold a message back. */
  fired: { key: string; atMs: number }[];
  state: RuleState;
}

function live(rule: Rule, turns: readonly Turn[]): Lived {
  let state = emptyState(rule);
  const notifications: Notification[] = [];
  const fired: Lived["fired"] = [];
  let n = 0;
  for (const one of [...turns, ...calm()]) {
    n += one.gap;
    const result = step(rule, state, sampleOf(one, n), minute(n));
    for (const event of result.events) {
      if (event.type === "notification") notifications.push(event);
      else if (event.change === "fired") fired.push({ key: keyOf(event), atMs: event.atMs });
    }
    state = one.restarted ? (JSON.parse(JSON.stringify(result.state)) as RuleState) : result.state;
  }
  return { notifications, fired, state };
}

function calm(): Turn[] {
  const one = { values: [0, 0, 0], volume: 100, failed: false, restarted: false, gap: 1, muted: false, late: false };
  return Array.from({ length: CALM_MINUTES }, () => one);
}

function sampleOf(one: Turn, n: number): Sample {
  const series = one.values.map((value, index) => seen({ f: NAMES[index] ?? "" }, value, one.volume));
  return {
    atMs: minute(n),
    windowEndMs: minute(n),
    series: series.filter((each) => each.value !== null),
    late: one.late ? [{ endMs: minute(n - 2), series: [seen({ f: "a" }, 1)] }] : [],
    mutes: one.muted ? [mute] : [],
    ...(one.failed ? { error: { kind: "query" as const, message: "down" } } : {}),
  };
}

function keyOf(alert: { condition: string; labels: Readonly<Record<string, string>> }): string {
  return `${alert.condition}/${alert.labels["f"]}`;
}

describe("40: any history with any restarts", () => {
  it("tells beginnings and ends in turn, and marks everything else as a repeat", () => {
    fc.assert(
      fc.property(ruleArbitrary, fc.array(turn, { maxLength: 80 }), (rule, turns) => {
        const open = new Set<string>();
        for (const { kind, alerts } of live(rule, turns).notifications) {
          for (const alert of alerts) {
            const key = keyOf(alert);
            if (alert.status === "resolved")
              expect(open.delete(key), `an end of ${key} without its beginning`).toBe(true);
            else if (kind === "repeat" || kind === "flapping") expect(open.has(key)).toBe(true);
            else {
              expect(open.has(key), `${key} told twice`).toBe(false);
              open.add(key);
            }
          }
        }
        expect([...open], "told, and its end never").toEqual([]);
      }),
      { numRuns: 1_500 },
    );
  });

  it("tells every episode at the evaluation that decides it, where nothing holds it back", () => {
    fc.assert(
      fc.property(ruleArbitrary, fc.array(turn, { maxLength: 60 }), (given, turns) => {
        const rule = { ...given, group: { ...given.group, waitMs: 0, intervalMs: 0 } };
        const { notifications, fired } = live(
          rule,
          turns.map((one) => ({ ...one, muted: false })),
        );
        const open = new Set<string>();
        const told = new Set<string>();
        for (const { atMs, alerts } of notifications) {
          for (const alert of alerts) {
            const key = keyOf(alert);
            if (alert.status === "resolved") open.delete(key);
            else if (!open.has(key)) open.add(key);
            told.add(`${key}@${atMs}`);
          }
        }
        for (const { key, atMs } of fired) {
          const isToldThen = told.has(`${key}@${atMs}`);
          const wasHeldBack = notifications.some((one) =>
            one.alerts.some((alert) => keyOf(alert) === key && alert.flapping),
          );
          expect(isToldThen || wasHeldBack, `${key} fired at ${atMs} and was not told`).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("never gives two decisions one key", () => {
    fc.assert(
      fc.property(ruleArbitrary, fc.array(turn, { maxLength: 60 }), (rule, turns) => {
        const ids = live(rule, turns).notifications.map((one) => one.id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 500 },
    );
  });

  it("is the same with and without restarts", () => {
    fc.assert(
      fc.property(ruleArbitrary, fc.array(turn, { maxLength: 60 }), (rule, turns) => {
        const never = live(
          rule,
          turns.map((one) => ({ ...one, restarted: false })),
        );
        const always = live(
          rule,
          turns.map((one) => ({ ...one, restarted: true })),
        );
        expect(always.notifications).toEqual(never.notifications);
        expect(always.state).toEqual(never.state);
      }),
      { numRuns: 500 },
    );
  });
});
