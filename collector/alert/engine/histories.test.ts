/**
 * The list of histories and the notifications expected, row by row: one evaluation a minute, `F` a firing
 * message, `R` a resolved one, the number the minute. Rows 19, 22, 23, 31 are about processes and deliveries:
 * their decisions are here, the processes in the runner's tests. Row 38's windows are in sample/month-end.test.ts,
 * 39 is in the backtest's, 40 in the property.
 */
import { describe, expect, it } from "vitest";
import { emptyState } from "./empty-state.ts";
import { MINUTE_MS } from "./limits.ts";
import { aRule, minute, play, seen, T0_MS, type Minute } from "./play.ts";
import { retire, step } from "./step.ts";
import type { Mute, Rule } from "./types.ts";

const MIN = MINUTE_MS;

/** True in the given minutes (both ends included), false in the others below `length`. */
function trueIn(length: number, ...ranges: [number, number][]): boolean[] {
  return Array.from({ length }, (_, n) => ranges.some(([from, to]) => n >= from && n <= to));
}
function repeated<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
const failed: Minute = { error: { kind: "query", message: "connection refused" } };

interface Row {
  name: string;
  rule?: Partial<Rule>;
  minutes: readonly Minute[];
  told: readonly string[];
}

const rows: Row[] = [
  {
    name: "1: an alert is told when it begins and when it ends, and never between",
    minutes: trueIn(30, [3, 9]),
    told: ["F@3", "R@10"],
  },
  {
    name: "2: a condition shorter than `for` is not told",
    rule: { forMs: 5 * MIN },
    minutes: trueIn(30, [3, 6]),
    told: [],
  },
  {
    name: "3: a condition that lasts for `for` is told once, at its end",
    rule: { forMs: 5 * MIN },
    minutes: trueIn(13, [3, 12]),
    told: ["F@8"],
  },
  {
    name: "4: `for` starts anew after a single clear evaluation",
    rule: { forMs: 5 * MIN },
    minutes: trueIn(15, [3, 6], [8, 14]),
    told: ["F@13"],
  },
  {
    name: "5: keep firing bridges a short recovery, and its period starts anew",
    rule: { keepFiringMs: 5 * MIN },
    minutes: trueIn(30, [0, 3], [7, 7]),
    told: ["F@0", "R@13"],
  },
  {
    name: "6: between the threshold and that of recovery a firing alert stays",
    rule: { threshold: 0.05, recoverThreshold: 0.03 },
    minutes: [0.06, 0.04, 0.06, 0.04, ...repeated(10, 0.02)],
    told: ["F@0", "R@5"],
  },
  {
    name: "8: nine hours of firing are told at once and then every four hours, as repeats",
    minutes: repeated(541, true),
    told: ["F@0", "repeat@240", "repeat@480"],
  },
  {
    name: "9: one failure of one request is too little traffic to alert",
    rule: { minVolume: 20 },
    minutes: repeated(30, [seen({}, 1, 1)]),
    told: [],
  },
  {
    name: "10: without invocations a firing alert stays under `keep`, with nothing told but the repeat",
    minutes: [true, ...repeated(245, null)],
    told: ["F@0", "repeat@240"],
  },
  {
    name: "11: without invocations a firing alert ends under `resolve`, and says why",
    rule: { noData: { policy: "resolve", forMs: 0 } },
    minutes: [true, true, true, true, true, true, null, null],
    told: ["F@0", "R@6(no data)"],
  },
  {
    name: "11: without invocations `alert` tells of the silence, after its own period",
    rule: { noData: { policy: "alert", forMs: 5 * MIN } },
    minutes: [false, false, ...repeated(20, null), false],
    told: ["F-no-data@7", "R-no-data@22"],
  },
  {
    name: "11: a firing alert whose values stop is not ended by it, and the silence is told beside it",
    rule: { noData: { policy: "alert", forMs: 5 * MIN } },
    minutes: [true, ...repeated(10, null)],
    told: ["F@0", "F-no-data@6"],
  },
  {
    name: "12: a silence shorter than its period is not told",
    rule: { noData: { policy: "alert", forMs: 5 * MIN } },
    minutes: [false, null, null, false, false, false, false, false],
    told: [],
  },
  {
    name: "13: one of three functions that falls silent ends as gone, and only after the missing limit",
    rule: { missingMs: 20 * MIN },
    minutes: Array.from({ length: 30 }, (_, n) => [
      seen({ f: "a" }, 1),
      seen({ f: "b" }, 1),
      ...(n < 3 ? [seen({ f: "c" }, 1)] : []),
    ]),
    told: ["F a@0", "F b@0", "F c@0", "R c@23(gone)"],
  },
  {
    name: "14: failed queries change nothing, however the condition stood",
    minutes: [false, failed, failed, failed, true, true, failed, failed, true],
    told: ["F@4"],
  },
  {
    name: "14: a rule that cannot be evaluated for ten minutes says so once, and when it can again",
    minutes: [true, ...repeated(30, failed), true, true],
    told: ["F@0", "broken@11", "working@31"],
  },
  {
    name: "15: errors that arrive three minutes late are told once, for the window they belong to",
    minutes: [
      ...repeated(6, false),
      { series: [seen({}, 0)], late: [{ endMs: minute(4), series: [seen({}, 1)] }] },
      { series: [seen({}, 0)], windowEndMs: minute(4), late: [{ endMs: minute(4), series: [seen({}, 1)] }] },
      ...repeated(10, false),
    ],
    told: ["F@6", "R@11"],
  },
  {
    name: "17: a dead-letter arrival is told at the next evaluation",
    rule: { comparison: "at-least", threshold: 1, recoverThreshold: 1, absentValue: 0 },
    minutes: [null, null, [seen({ queue: "orders-dlq" }, 1, 1)]],
    told: ["F orders-dlq@2"],
  },
  {
    name: "18: an hour of errors replayed after an outage pages nobody and leaves one note",
    minutes: [
      false,
      ...repeated(5, failed),
      { series: [seen({}, 0)], late: lateErrors(-90, -60) },
      { series: [seen({}, 0)], late: lateErrors(-60, -31) },
      ...repeated(10, false),
    ],
    told: ["note@6"],
  },
  {
    name: "25: an alert that ends within the group's wait is never told",
    rule: { group: { by: [], waitMs: 3 * MIN, intervalMs: 5 * MIN, repeatMs: 240 * MIN } },
    minutes: trueIn(20, [2, 3]),
    told: [],
  },
];

function lateErrors(from: number, to: number) {
  return Array.from({ length: to - from }, (_, n) => ({ endMs: minute(from + n), series: [seen({}, 1)] }));
}

describe("a history and what is told of it", () => {
  it.for(rows)("$name", ({ rule, minutes, told }) => {
    expect(play(aRule(rule), minutes).told).toEqual(told);
  });
});

describe("7: a condition that comes and goes every minute", () => {
  const flapping = Array.from({ length: 60 }, (_, n) => n % 2 === 0);

  it("is told at most once each way in five minutes, and the message says that it flaps", () => {
    const { told, notifications } = play(aRule(), [...flapping, ...repeated(20, false)]);
    expect(told).toEqual(["F@0", "flapping@5", "R@69"]);
    expect(notifications.at(-1)?.alerts[0]).toMatchObject({ status: "resolved", flapping: true });
  });

  it("is in the history with every change", () => {
    expect(play(aRule(), flapping).transitions).toHaveLength(60);
  });
});

describe("8: a reminder", () => {
  it("is marked as a repeat and belongs to the same incident", () => {
    const { notifications } = play(aRule(), repeated(241, true));
    expect(notifications.map((one) => one.kind)).toEqual(["firing", "repeat"]);
    expect(new Set(notifications.map((one) => one.incident)).size).toBe(1);
    expect(new Set(notifications.map((one) => one.id)).size).toBe(2);
  });
});

describe("9: too little traffic", () => {
  it("is what the rule's state says", () => {
    const { state } = play(aRule({ minVolume: 20 }), [[seen({}, 1, 1)]]);
    expect(state.last.insufficient).toBe(1);
  });

  it("ends an alert that fires only after the missing limit, with that reason", () => {
    const minutes = [[seen({}, 1, 100)], ...repeated(30, [seen({}, 0, 3)])];
    expect(play(aRule({ minVolume: 20, missingMs: 20 * MIN }), minutes).told).toEqual([
      "F@0",
      "R@21(too little traffic)",
    ]);
  });
});

describe("14: while a rule cannot be evaluated", () => {
  it("shows the error and keeps every alert", () => {
    const { state } = play(aRule(), [true, failed, failed]);
    expect(state.health.error).toBe("connection refused");
    expect(Object.values(state.series)[0]?.phase).toBe("firing");
  });

  it("does not count the time as pending", () => {
    const { told } = play(aRule({ forMs: 3 * MIN }), [true, true, failed, failed, true, true]);
    expect(told).toEqual(["F@5"]);
  });
});

describe("15: a late window", () => {
  it("is no news when it was already found to breach", () => {
    const late = { series: [seen({}, 0)], late: [{ endMs: minute(1), series: [seen({}, 1)] }] };
    expect(play(aRule(), [false, true, false, false, false, false, late, late, false]).told).toEqual(["F@1", "R@6"]);
  });
});

describe("18: windows of the past", () => {
  it("are in the history, each once, marked as past", () => {
    const late = { series: [seen({}, 0)], late: lateErrors(-90, -30) };
    const { transitions } = play(aRule(), [false, late]);
    expect(transitions).toHaveLength(60);
    expect(transitions.every((one) => one.past && one.change === "late-breach")).toBe(true);
  });

  it("are not told by evaluations made up for long after", () => {
    const now = () => minute(200);
    expect(play(aRule(), trueIn(60, [3, 40]), { now }).told).toEqual([]);
  });

  it("are told if the alert still fires when the present is reached", () => {
    const now = (n: number) => Math.max(minute(n), minute(40));
    expect(play(aRule(), trueIn(60, [3, 59]), { now }).told).toEqual(["F@25"]);
  });
});

describe("19, 23: a decision made twice", () => {
  it("has the same key both times", () => {
    const once = play(aRule(), [false, true]).notifications[0];
    const twice = play(aRule(), [false, true]).notifications[0];
    expect(once?.id).toBe(twice?.id);
  });

  it("shares no key with another decision", () => {
    const { notifications } = play(aRule(), trueIn(60, [3, 9], [20, 29], [40, 44]));
    expect(new Set(notifications.map((one) => one.id)).size).toBe(notifications.length);
  });
});

describe("20: killed at minute 4 of 5 of pending", () => {
  const rule = aRule({ forMs: 5 * MIN });
  const before = play(rule, repeated(5, true));

  it("fires on time when back within half a minute", () => {
    const state = JSON.parse(JSON.stringify(before.state));
    expect(play(rule, repeated(5, true), { start: 5, state }).told).toEqual(["F@5"]);
  });

  it("starts anew when back after two hours", () => {
    expect(play(rule, repeated(10, true), { start: 124, state: before.state }).told).toEqual(["F@129"]);
  });
});

describe("21: killed while firing", () => {
  it("tells the end after the restart when the condition ended meanwhile", () => {
    const before = play(aRule(), [true, true]);
    expect(play(aRule(), [false], { start: 40, state: before.state }).told).toEqual(["R@40"]);
  });

  it("counts keep firing from where it stood", () => {
    const rule = aRule({ keepFiringMs: 10 * MIN });
    const before = play(rule, [true, ...repeated(6, false)]);
    expect(play(rule, repeated(20, false), { start: 100, state: before.state }).told).toEqual(["R@104"]);
  });
});

describe("24: two hundred functions that fire within twenty seconds", () => {
  const wait = { by: [], waitMs: 0.5 * MIN, intervalMs: 5 * MIN, repeatMs: 240 * MIN };
  const many = (count: number) => Array.from({ length: count }, (_, n) => seen({ f: `f${n}` }, 1 + n / 1000));

  it("are one message that names the count and the worst, then only the changes", () => {
    const minutes = [many(150), many(200), many(200), many(201), ...repeated(6, many(201))];
    const { notifications } = play(aRule({ group: wait }), minutes);
    expect(notifications.map(({ kind, firingCount, atMs }) => [kind, firingCount, (atMs - T0_MS) / MIN])).toEqual([
      ["firing", 200, 1],
      ["firing", 201, 6],
    ]);
    expect(notifications[0]?.alerts).toHaveLength(20);
    expect(notifications[0]?.alerts[0]?.labels).toEqual({ f: "f199" });
    expect(notifications[1]?.alerts.map((one) => one.labels["f"])).toEqual(["f200"]);
  });

  it("are a message each when grouped by function", () => {
    const { notifications } = play(aRule({ group: { ...wait, waitMs: 0, by: ["f"] } }), [many(3)]);
    expect(notifications.map((one) => one.groupLabels)).toEqual([{ f: "f0" }, { f: "f1" }, { f: "f2" }]);
  });
});

const silence: Mute = { id: "s", kind: "silence", matchers: [{ label: "f", pattern: "pay*" }] };

describe("26, 27: a silence", () => {
  const alerting = (n: number, to: number) => [seen({ f: "payment" }, n <= to ? 1 : 0)];
  const until = (n: number) => (at: number) => (at < n ? [silence] : []);

  it("26: set just before the evaluation mutes it, and the alert is told when it expires", () => {
    const minutes = Array.from({ length: 20 }, (_, n) => alerting(n, 19));
    expect(play(aRule(), minutes, { mutes: until(10) }).told).toEqual(["F payment@10"]);
  });

  it("27: an alert that ends under it is never told", () => {
    const minutes = Array.from({ length: 20 }, (_, n) => alerting(n, 5));
    expect(play(aRule(), minutes, { mutes: until(10) }).told).toEqual([]);
  });

  it("27: the end of an alert told before it is told after it, so that no incident stays open", () => {
    const minutes = Array.from({ length: 20 }, (_, n) => alerting(n, 5));
    const mutes = (n: number) => (n >= 2 && n < 10 ? [silence] : []);
    expect(play(aRule(), minutes, { mutes }).told).toEqual(["F payment@0", "R payment@10"]);
  });

  it("leaves alone what it does not match", () => {
    expect(play(aRule(), [[seen({ f: "orders" }, 1)]], { mutes: () => [silence] }).told).toEqual(["F orders@0"]);
  });

  it("sees the rule's own labels", () => {
    const mute: Mute = { id: "s", kind: "silence", matchers: [{ label: "team", pattern: "shop" }] };
    const sample = { atMs: minute(0), windowEndMs: minute(0), series: [seen({}, 1)], mutes: [mute] };
    const { events } = step(aRule(), emptyState(aRule()), sample, minute(0), { team: "shop" });
    expect(events.filter((event) => event.type === "notification")).toEqual([]);
  });
});

describe("28: an inhibition", () => {
  it("leaves only its source; the others are told when it is over and they still hold", () => {
    const silent = aRule({ id: "silent" });
    const inhibition: Mute = { id: "down", kind: "inhibition", matchers: [{ label: "f", pattern: "*" }] };
    const minutes = Array.from({ length: 20 }, (_, n) => [seen({ f: "a" }, 1), seen({ f: "b" }, n < 8 ? 1 : 0)]);
    const mutes = (n: number) => (n < 10 ? [inhibition] : []);
    expect(play(silent, minutes, { mutes }).told).toEqual(["F a@10"]);
  });
});

describe("29: an edited rule", () => {
  it("ends alerts that its new threshold no longer gives, and says why, past every keep-firing", () => {
    const rule = (n: number) =>
      n < 6
        ? aRule({ keepFiringMs: 10 * MIN })
        : aRule({ keepFiringMs: 10 * MIN, threshold: 2, recoverThreshold: 2, version: "v2" });
    expect(play(rule, repeated(10, true)).told).toEqual(["F@0", "R@6(rule changed)"]);
  });

  it("ends the old alerts at once when its labels change, and begins new ones", () => {
    const rule = (n: number) => aRule({ identity: n < 2 ? "old" : "new" });
    expect(play(rule, repeated(5, true)).told).toEqual(["F@0", "R@2(rule changed)", "F@2"]);
  });

  it("tells the end of its alerts when it is deleted", () => {
    const { state } = play(aRule(), [true]);
    const occasion = { atMs: minute(1), nowMs: minute(1), mutes: [], ruleLabels: {} };
    const events = retire(aRule(), state, occasion, "rule deleted");
    expect(events.map((event) => (event.type === "notification" ? event.kind : event.change))).toEqual([
      "resolved",
      "resolved",
    ]);
  });

  it("says nothing when it is deleted while none of its alerts was told", () => {
    const { state } = play(aRule({ forMs: 5 * MIN }), [true]);
    const occasion = { atMs: minute(1), nowMs: minute(1), mutes: [], ruleLabels: {} };
    expect(retire(aRule(), state, occasion, "rule deleted")).toEqual([]);
  });
});

describe("30: an edited `for`", () => {
  it("leaves an alert firing when it becomes longer", () => {
    const rule = (n: number) => aRule({ forMs: (n < 12 ? 5 : 10) * MIN });
    expect(play(rule, repeated(30, true)).told).toEqual(["F@5"]);
  });

  it("fires at once when it becomes shorter than what the alert has been pending", () => {
    const rule = (n: number) => aRule({ forMs: (n < 7 ? 10 : 5) * MIN });
    expect(play(rule, repeated(12, true)).told).toEqual(["F@7"]);
  });
});

describe("32: a clock that jumps", () => {
  const rule = aRule({ forMs: 5 * MIN });
  it.for([
    { name: "back by ten minutes", to: -10 },
    { name: "forward by an hour", to: 60 },
  ])("$name neither fires a pending alert nor ends a firing one", ({ to }) => {
    const pending = play(rule, repeated(3, true));
    const after = play(rule, repeated(4, true), { start: 3 + to, state: pending.state });
    expect(after.told).toEqual([]);
    const firing = play(rule, repeated(10, true));
    expect(play(rule, repeated(20, true), { start: 10 + to, state: firing.state }).told).toEqual([]);
  });

  it("back by ten minutes does not hold back the end of an alert", () => {
    const firing = play(rule, repeated(10, true));
    expect(play(rule, repeated(10, false), { start: 0, state: firing.state }).told).toEqual(["R@0"]);
  });
});

describe("33, 34: burn rate of a 99.9 % objective", () => {
  /** Burn over a window of minutes that end at n, errors being the failing share of each minute. */
  function burn(errors: readonly number[], n: number, windowMinutes: number): number {
    const window = errors.slice(Math.max(0, n + 1 - windowMinutes), n + 1);
    return window.reduce((sum, share) => sum + share, 0) / windowMinutes / 0.001;
  }
  function minutesOf(errors: readonly number[], longMinutes: number, shortMinutes: number): number[] {
    return errors.map((_, n) => Math.min(burn(errors, n, longMinutes), burn(errors, n, shortMinutes)));
  }
  const outage = (minutes: number) => Array.from({ length: 300 }, (_, n) => (n >= 100 && n < 100 + minutes ? 1 : 0));
  const page = aRule({ comparison: "at-least", threshold: 14.4, recoverThreshold: 14.4 });

  it("33: three minutes of total outage page, and end within six minutes of its end", () => {
    const { told } = play(page, minutesOf(outage(3), 60, 5));
    expect(told).toEqual(["F@100", "R@107"]);
  });

  it("33: an outage that takes less than 2 % of the budget pages nobody", () => {
    const small = outage(3).map((share) => share * 0.2);
    expect(play(page, minutesOf(small, 60, 5)).told).toEqual([]);
  });

  it("34: a slow burn of 1.2 for four days is a ticket and no page", () => {
    const errors = repeated(4 * 1440, 0.0012);
    const ticket = aRule({ comparison: "at-least", threshold: 1, recoverThreshold: 1 });
    expect(play(page, minutesOf(errors, 60, 5)).told).toEqual([]);
    expect(play(ticket, minutesOf(errors, 4320, 360)).notifications[0]?.kind).toBe("firing");
  });
});

describe("35: more series than allowed", () => {
  it("is told once, at once, and keeps every alert", () => {
    const many = Array.from({ length: 11 }, (_, n) => seen({ f: `f${n}` }, 1));
    const rule = aRule({ seriesMax: 10 });
    const { told, state } = play(rule, [many.slice(0, 2), ...repeated(20, many)]);
    expect(told).toEqual(["F f0@0", "F f1@0", "broken@1"]);
    expect(state.last.firing).toBe(2);
    expect(state.health.error).toContain("11 series");
  });
});

describe("36: two results with equal labels", () => {
  it("are an error that names both, and no winner", () => {
    const { told, state } = play(aRule(), [[seen({ f: "a" }, 1), seen({ f: "a" }, 7)]]);
    expect(told).toEqual(["broken@0"]);
    expect(state.health.error).toContain('{"f":"a"}, one with the value 1, one with 7');
  });
});

describe("38: daylight saving, the day's end and a partition's end", () => {
  // The engine knows instants alone. Windows over such an end are the sampler's, on a store in another time zone.
  it.for([
    ["daylight saving ends in Europe", Date.UTC(2026, 9, 25, 0, 50)],
    ["daylight saving begins in Europe", Date.UTC(2027, 2, 28, 0, 50)],
    ["a month ends", Date.UTC(2026, 10, 30, 23, 50)],
    ["a leap day ends", Date.UTC(2028, 1, 29, 23, 50)],
  ] as const)("leave decisions as they are at any other instant: %s", ([, startMs]) => {
    const rule = aRule({ forMs: 5 * MIN });
    const start = (startMs - T0_MS) / MIN;
    expect(play(rule, trueIn(30, [8, 20]), { start }).told).toEqual([`F@${start + 13}`, `R@${start + 21}`]);
  });
});
