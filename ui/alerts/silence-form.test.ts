import { silenceSchema } from "@hopscope/schema/alert-rules";
import { describe, expect, it } from "vitest";
import { formOfSilence, newSilence, silenceField, silenceOf, weeklyWords, type SilenceForm } from "./silence-form.ts";

const nights: SilenceForm = {
  ...newSilence(),
  id: "nights",
  matchers: "service=shop, severity=info",
  days: ["mon", "tue"],
  timeZone: "Europe/Amsterdam",
  comment: "batch jobs",
};
const weekly = { days: ["mon", "tue"], from: "22:00", to: "06:00", timeZone: "Europe/Amsterdam" };

describe("the form of a silence", () => {
  it.for([
    ["at times of the week", nights, { weekly }],
    ["without a time zone: in UTC", { ...nights, timeZone: " " }, { weekly: { ...weekly, timeZone: undefined } }],
    ["all the time, until somebody ends it", { ...nights, isWeekly: false }, {}],
    [
      "for a time of the reader's clock",
      { ...nights, isWeekly: false, from: "2026-11-21T08:00", until: "2026-11-21T09:30" },
      { from: new Date("2026-11-21T08:00").toISOString(), until: new Date("2026-11-21T09:30").toISOString() },
    ],
  ] as const)("stands for one %s", ([, form, expected]) => {
    const silence = silenceSchema.parse(silenceOf(form));
    const matchers = { service: "shop", severity: "info" };
    expect(silence).toEqual({ id: "nights", matchers, comment: "batch jobs", ...expected });
  });

  it("opens a silence as it was made", () => {
    const from = "2026-11-21T08:00:00.000Z";
    const made = { ...nights, from: "", until: "" };
    const stored = { ...silenceOf(made), from, until: null, comment: "batch jobs", weekly };
    const opened = formOfSilence({ ...stored, recurring: true, active: false, fromFile: false });
    expect(silenceOf(opened)).toEqual({ ...silenceOf(made), from });
  });

  it("says when a silence is in force", () => {
    expect(weeklyWords(weekly)).toBe("Mon, Tue 22:00 to 06:00 (Europe/Amsterdam)");
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    expect(weeklyWords({ ...weekly, days })).toMatch(/^every day 22:00/);
  });

  it.for([
    ["weekly.timeZone", "timeZone"],
    ["weekly.days.0", "days"],
    ["weekly.from", "dayFrom"],
    ["from", "from"],
    ["matchers", "matchers"],
    ["somewhere", undefined],
  ] as const)("has a field for %s", ([field, expected]) => {
    expect(silenceField(field)).toBe(expected);
  });
});
