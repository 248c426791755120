/** From what is typed into the form of silences to a silence, and back. */
import type { AlertSilences } from "@hopscope/schema/alert-api";
import type { SilenceInput } from "@hopscope/schema/alert-rules";
import { pairsOf } from "./rule-form.ts";

/** A weekday as the API names it, and as it is shown. */
export const DAYS = [
  ["mon", "Mon"],
  ["tue", "Tue"],
  ["wed", "Wed"],
  ["thu", "Thu"],
  ["fri", "Fri"],
  ["sat", "Sat"],
  ["sun", "Sun"],
] as const;
/** A weekday as the API names it: `mon` to `sun`. */
export type Day = (typeof DAYS)[number][0];

/** What the form holds, as it was typed. */
export interface SilenceForm {
  readonly id: string;
  readonly matchers: string;
  readonly isWeekly: boolean;
  readonly days: readonly Day[];
  /** Times of day, of a weekly one. */
  readonly dayFrom: string;
  readonly dayTo: string;
  readonly timeZone: string;
  /** In the reader's own time zone, as `datetime-local` has it; '' for no bound. */
  readonly from: string;
  readonly until: string;
  readonly comment: string;
}

/** Fields that the collector may find wrong. */
export type SilenceField = "id" | "matchers" | "days" | "dayFrom" | "dayTo" | "timeZone" | "from" | "until" | "comment";

/** The form of a new silence: the nights of working days, where the reader is. */
export function newSilence(): SilenceForm {
  return {
    id: "",
    matchers: "",
    isWeekly: true,
    days: ["mon", "tue", "wed", "thu", "fri"],
    dayFrom: "22:00",
    dayTo: "06:00",
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    from: "",
    until: "",
    comment: "",
  };
}

/** The silence that a form stands for; the collector checks it and names what is wrong. */
export function silenceOf(form: SilenceForm): SilenceInput {
  const { dayFrom: from, dayTo: to, timeZone } = form;
  return {
    id: form.id.trim(),
    matchers: form.matchers.trim() === "" ? {} : pairsOf(form.matchers),
    ...(form.from !== "" && { from: new Date(form.from).toISOString() }),
    ...(form.until !== "" && { until: new Date(form.until).toISOString() }),
    ...(form.isWeekly && {
      weekly: { days: [...form.days], from, to, ...(timeZone.trim() !== "" && { timeZone: timeZone.trim() }) },
    }),
    ...(form.comment.trim() !== "" && { comment: form.comment.trim() }),
  };
}

/** The form of a silence that was made before. */
export function formOfSilence({
  id,
  matchers,
  weekly,
  from,
  until,
  comment,
}: AlertSilences["silences"][number]): SilenceForm {
  const days = DAYS.flatMap(([day]) => (weekly?.days.includes(day) === true ? [day] : []));
  return {
    ...newSilence(),
    id,
    matchers: pairsText(matchers),
    isWeekly: weekly !== null,
    ...(weekly && { days, dayFrom: weekly.from, dayTo: weekly.to, timeZone: weekly.timeZone }),
    from: localText(from),
    until: localText(until),
    comment,
  };
}

/** `service=shop, function=pay`. */
export function pairsText(matchers: Readonly<Record<string, string>>): string {
  return Object.entries(matchers)
    .map(([label, value]) => `${label}=${value}`)
    .join(", ");
}

/** `Mon, Tue 22:00 to 06:00 (Europe/Amsterdam)`: when a weekly silence is in force. */
export function weeklyWords(weekly: NonNullable<AlertSilences["silences"][number]["weekly"]>): string {
  const days = DAYS.flatMap(([day, words]) => (weekly.days.includes(day) ? [words] : []));
  const named = days.length === DAYS.length ? "every day" : days.join(", ");
  return `${named} ${weekly.from} to ${weekly.to} (${weekly.timeZone})`;
}

/** The field of the form that a field of the API's silence is typed into. */
export function silenceField(field: string | undefined): SilenceField | undefined {
  if (field === undefined) return undefined;
  if (field.startsWith("weekly.days")) return "days";
  const weekly = { "weekly.from": "dayFrom", "weekly.to": "dayTo", "weekly.timeZone": "timeZone" } as const;
  if (Object.hasOwn(weekly, field)) return weekly[field as keyof typeof weekly];
  const own = (["id", "matchers", "from", "until", "comment"] as const).find(
    (name) => field === name || field.startsWith(`${name}.`),
  );
  return own;
}

/** An instant as `datetime-local` wants it. */
function localText(instant: string | null): string {
  if (instant === null) return "";
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
