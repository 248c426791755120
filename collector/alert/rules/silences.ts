import type { InhibitionInput, SilenceInput } from "../../../schema/alert-rules.ts";
import type { Labels, Matcher, Mute, RuleState } from "../engine/types.ts";
import { matchesAll } from "../engine/mutes.ts";
import type { CompiledRule, Inhibition, Silence } from "./compiled.ts";

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const DAY_MINUTES = 24 * 60;

/** The entry with its instants and its hours as numbers. @throws RangeError where the time zone is unknown */
export function compileSilence(input: SilenceInput): Silence {
  const { weekly } = input;
  const timeZone = weekly?.timeZone ?? "UTC";
  localMinute(0, timeZone);
  return {
    id: input.id,
    matchers: matchersOf(input.matchers),
    fromMs: input.from === undefined ? 0 : Date.parse(input.from),
    untilMs: input.until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(input.until),
    weekly: weekly
      ? { days: weekly.days, fromMinute: minuteOf(weekly.from), toMinute: minuteOf(weekly.to), timeZone }
      : null,
    comment: input.comment ?? "",
  };
}

/** The entry of the file with its patterns as matchers; no `equal` joins any two alerts. */
export function compileInhibition(input: InhibitionInput): Inhibition {
  return { source: matchersOf(input.source), target: matchersOf(input.target), equal: input.equal ?? [] };
}

/** Whether a silence is in force; a weekly one by the wall clock of its own time zone. */
export function isActive(silence: Silence, nowMs: number): boolean {
  if (nowMs < silence.fromMs || nowMs >= silence.untilMs) return false;
  if (silence.weekly === null) return true;
  const { days, fromMinute, toMinute, timeZone } = silence.weekly;
  const { weekday, minute } = localMinute(nowMs, timeZone);
  const today = WEEKDAYS[weekday] ?? "";
  if (fromMinute < toMinute) return days.includes(today) && minute >= fromMinute && minute < toMinute;
  const yesterday = WEEKDAYS[(weekday + 6) % 7] ?? "";
  return (days.includes(today) && minute >= fromMinute) || (days.includes(yesterday) && minute < toMinute);
}

/** The silences in force, as the engine takes them. */
export function activeMutes(silences: readonly Silence[], nowMs: number): Mute[] {
  return silences
    .filter((silence) => isActive(silence, nowMs))
    .map(({ id, matchers }) => ({ id, kind: "silence", matchers }));
}

/** What an alert is matched by: its own labels, its rule's, and the rule's id and severity. */
export function ruleLabels({ about, sourceId }: CompiledRule): Labels {
  return { ...about.labels, rule: sourceId, severity: about.severity };
}

/** Alerts that fire in the given states mute those that their inhibitions name, but never themselves. */
export function inhibitionMutes(
  inhibitions: readonly Inhibition[],
  rules: readonly CompiledRule[],
  states: ReadonlyMap<string, RuleState>,
): { mute: Mute; sourceRuleId: string }[] {
  if (inhibitions.length === 0) return [];
  const mutes = new Map<string, { mute: Mute; sourceRuleId: string }>();
  for (const compiled of rules) {
    const fixed = ruleLabels(compiled);
    for (const series of Object.values(states.get(compiled.rule.id)?.series ?? {})) {
      if (series.phase !== "firing") continue;
      const labels = { ...fixed, ...series.labels };
      for (const { source, target, equal } of inhibitions) {
        if (!matchesAll(source, labels) || matchesAll(target, labels)) continue;
        const matchers = [...target, ...equal.map((label) => ({ label, pattern: labels[label] ?? "" }))];
        const id = `${compiled.rule.id}:${JSON.stringify(matchers)}`;
        mutes.set(id, { mute: { id, kind: "inhibition", matchers }, sourceRuleId: compiled.rule.id });
      }
    }
  }
  return [...mutes.values()];
}

function matchersOf(given: Readonly<Record<string, string>>): Matcher[] {
  return Object.entries(given).map(([label, pattern]) => ({ label, pattern }));
}

/** The weekly times of a silence as they are written in a file. */
export function weeklyText({ days, fromMinute, toMinute, timeZone }: NonNullable<Silence["weekly"]>) {
  return { days: [...days], from: clockOf(fromMinute), to: clockOf(toMinute), timeZone };
}

function clockOf(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localMinute(ms: number, timeZone: string): { weekday: number; minute: number } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const weekday = WEEKDAYS.indexOf((parts["weekday"] ?? "").slice(0, 3).toLowerCase());
  return { weekday, minute: (Number(parts["hour"]) * 60 + Number(parts["minute"])) % DAY_MINUTES };
}
