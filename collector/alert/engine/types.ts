/**
 * What the alert engine works on: plain data, so that a state can be stored, compared and replayed.
 * Every instant is milliseconds since the epoch, every span of time milliseconds.
 */

/** What tells one series (and so one alert) of a rule from another: for example its service and function. */
export type Labels = Readonly<Record<string, string>>;

/** How a value is compared with a threshold. */
export type Comparison = "above" | "at-least" | "below" | "at-most";

/** A rule as the engine needs it: no metric, no query, only how to decide. */
export interface Rule {
  readonly id: string;
  /** Changes when the rule's alerts become other alerts (labels, grouping, metric): the old ones are resolved. */
  readonly identity: string;
  /** Changes when what the rule decides may change (threshold, scope): an end right after it says so. */
  readonly version: string;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** A firing series ends only once its value no longer passes this one; equals `threshold` without hysteresis. */
  readonly recoverThreshold: number;
  /** Below it a value says nothing: one failure of one request is 100 %. */
  readonly minVolume: number;
  /** What an absent series counts as; null where absence means that nothing is known. */
  readonly absentValue: number | null;
  readonly forMs: number;
  readonly keepFiringMs: number;
  readonly noData: { readonly policy: "keep" | "resolve" | "alert"; readonly forMs: number };
  /** A firing series that stays away this long, while others report, is gone. */
  readonly missingMs: number;
  /** Windows that ended longer ago go to the history and page nobody. */
  readonly pastMs: number;
  /** More series than this is a mistake in the rule. */
  readonly seriesMax: number;
  readonly group: {
    /** Labels whose values make a message of their own; none: one message for the rule. */
    readonly by: readonly string[];
    readonly waitMs: number;
    readonly intervalMs: number;
    readonly repeatMs: number;
  };
}

/** One series' value over one window. */
export interface Observation {
  /** {@link seriesKey} of the labels; made once by the sampler and shared by every rule. */
  readonly key: string;
  readonly labels: Labels;
  /** null: nothing can be said (no invocations to take a quantile of). */
  readonly value: number | null;
  /** How many events the value rests on. */
  readonly volume: number;
  /** What the value usually is, for the reader of the message. */
  readonly normal?: number | null;
  /** Where this series' window ends at another time than the sample's. */
  readonly windowEndMs?: number;
}

/** A window whose evaluation has passed, seen again because data for it arrived only now. */
export interface LateWindow {
  readonly endMs: number;
  readonly series: readonly Observation[];
}

/** Why an evaluation has no values. */
export interface SampleError {
  /** `query` may heal by itself and is told after a while; the others need a person and are told at once. */
  readonly kind: "query" | "limit" | "duplicate";
  readonly message: string;
}

/** Equality of one label, with `*` for any run of characters. */
export interface Matcher {
  readonly label: string;
  readonly pattern: string;
}

/** Alerts of these labels are not told while it is in force. */
export interface Mute {
  readonly id: string;
  readonly kind: "silence" | "inhibition";
  readonly matchers: readonly Matcher[];
}

/** What the engine sees at one evaluation. */
export interface Sample {
  /** The evaluation's nominal instant: a whole minute. All periods of the state machine are counted on it. */
  readonly atMs: number;
  /** End of the evaluated window, by the spans' own time. */
  readonly windowEndMs: number;
  readonly series: readonly Observation[];
  readonly late?: readonly LateWindow[];
  readonly error?: SampleError;
  readonly mutes?: readonly Mute[];
  /** Alerts (by their key in the state) that an upstream explains: their begin is not told, their end is. */
  readonly explained?: ReadonlyMap<string, string> | undefined;
}

/** Why an alert ended. */
export type EndReason = "recovered" | "no data" | "gone" | "too little traffic" | "rule changed" | "rule deleted";

/** An alert is about the value passing its threshold, or about there being no value. */
export type Condition = "value" | "no-data";

/** One series that is, or lately was, more than fine. Series that were always fine have no state. */
export interface SeriesState {
  readonly labels: Labels;
  readonly condition: Condition;
  readonly phase: "ok" | "pending" | "firing";
  /** Since when the condition holds without a break. */
  readonly sinceMs: number;
  /** When it began to fire; 0 before. */
  readonly firedMs: number;
  /** Since when the condition of a firing series no longer holds; 0 while it does. */
  readonly clearMs: number;
  /** Since when nothing is known about it; 0 while something is. */
  readonly unknownMs: number;
  readonly ended: { readonly atMs: number; readonly reason: EndReason } | null;
  readonly value: number | null;
  readonly normal: number | null;
  readonly windowEndMs: number;
  /** End of the newest window in which it was found to hold: data for an older one is no news. */
  readonly breachedMs: number;
  /** Evaluations at which it began or ceased to fire, oldest first, at most {@link FLAP_CHANGES_MAX}. */
  readonly changesMs: readonly number[];
}

/** An alert that somebody was told of and whose end they were not. */
export interface ToldAlert {
  readonly labels: Labels;
  readonly condition: Condition;
  readonly firedMs: number;
  readonly value: number | null;
  readonly normal: number | null;
  readonly windowEndMs: number;
  /** A message already said that it is flapping. */
  readonly flapping: boolean;
}

/** One message thread: from its first firing message until all of its alerts are told to have ended. */
export interface GroupState {
  readonly labels: Labels;
  /** Since when an alert waits to be told; 0 when none does. */
  readonly waitMs: number;
  /** When the thread was opened; 0 before its first message. Part of every key that receivers dedupe by. */
  readonly openedMs: number;
  readonly sentMs: number;
  /** Messages of the thread so far. */
  readonly sequence: number;
  readonly told: Readonly<Record<string, ToldAlert>>;
}

/** Whether the rule can be evaluated, and whether somebody knows. */
export interface HealthState {
  /** Since when the rule cannot be evaluated; 0 when it can. */
  readonly failingMs: number;
  readonly error: string;
  /** A message said so. */
  readonly told: boolean;
}

/** All that is kept of a rule between two evaluations; the journal stores it as JSON. */
export interface RuleState {
  readonly identity: string;
  readonly version: string;
  /** The last evaluation, by nominal instant; 0 before the first. */
  readonly atMs: number;
  readonly series: Readonly<Record<string, SeriesState>>;
  readonly groups: Readonly<Record<string, GroupState>>;
  readonly health: HealthState;
  /** When the last note about windows of the past was sent; 0 before. */
  readonly noteMs: number;
  /** What the last evaluation saw; not needed to go on after a restart. */
  readonly last: {
    readonly windowEndMs: number;
    readonly series: number;
    readonly firing: number;
    readonly pending: number;
    /** Series with too little traffic to judge. */
    readonly insufficient: number;
    readonly worst: { readonly labels: Labels; readonly value: number } | null;
  };
}

/** A line of the history. */
export interface Transition {
  readonly type: "transition";
  readonly ruleId: string;
  readonly change: "fired" | "resolved" | "late-breach";
  readonly condition: Condition;
  readonly labels: Labels;
  readonly atMs: number;
  readonly windowEndMs: number;
  readonly value: number | null;
  readonly reason: EndReason | null;
  /** True where it concerns the past, so that nobody was told. */
  readonly past: boolean;
}

/** One alert in a message. */
export interface NotifiedAlert {
  readonly labels: Labels;
  readonly condition: Condition;
  readonly status: "firing" | "resolved";
  /** Since when the condition holds. */
  readonly sinceMs: number;
  readonly endedMs: number | null;
  readonly reason: EndReason | null;
  readonly value: number | null;
  readonly normal: number | null;
  readonly windowEndMs: number;
  readonly flapping: boolean;
}

/**
 * - `firing`: alerts that were not told yet. `update`: some of those told ended. `resolved`: the last of them did.
 * - `repeat`: nothing new, a reminder. `flapping`: the end of some is held back because they come and go.
 * - `note`: windows of the past breached. `broken`/`working`: the rule cannot be evaluated / can again.
 */
export type NotificationKind =
  | "firing"
  | "update"
  | "resolved"
  | "repeat"
  | "flapping"
  | "note"
  | "broken"
  | "working";

/** What is to be told; the outbox makes one delivery of it for each channel. */
export interface Notification {
  readonly type: "notification";
  /** The same for the same decision, however often it is made: the receivers' idempotency key. */
  readonly id: string;
  /** The same from the first message of a thread to its last: what an incident is known by. */
  readonly incident: string;
  readonly kind: NotificationKind;
  readonly ruleId: string;
  readonly groupLabels: Labels;
  readonly atMs: number;
  /** What changed (all that fire, in a repeat), worst first, at most {@link NOTIFIED_ALERTS_MAX}. */
  readonly alerts: readonly NotifiedAlert[];
  readonly firingCount: number;
  readonly resolvedCount: number;
  /** For `note`, `broken` and `working`: what there is to say. */
  readonly text: string;
}

/** A line for the history, or something to be told; `type` says which. */
export type AlertEvent = Transition | Notification;

/** What an evaluation of one rule leads to. */
export interface StepResult {
  readonly state: RuleState;
  readonly events: readonly AlertEvent[];
}
