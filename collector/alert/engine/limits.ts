/** Bounds of the alert engine. */

export const MINUTE_MS = 60_000;
/** Evaluations happen once a minute: the rollups that they read have that grain. */
export const EVALUATION_INTERVAL_MS = 60_000;
/**
 * Longest time between two evaluations that still counts as uninterrupted. After a longer one a pending alert
 * starts anew: nobody knows whether its condition held.
 */
export const GAP_MAX_MS = 5 * MINUTE_MS;
/** How long a rule that cannot be evaluated for a passing reason is borne before somebody is told. */
export const FAILING_TOLD_AFTER_MS = 10 * MINUTE_MS;
/** How long a series that ended is remembered: flapping is recognised within it. */
export const ENDED_KEPT_MS = 30 * MINUTE_MS;
/** Beginnings and ends remembered of one series. */
export const FLAP_CHANGES_MAX = 21;
/** This many beginnings and ends within {@link ENDED_KEPT_MS} are flapping. */
export const FLAP_CHANGES_MIN = 6;
/** A flapping series is calm again once it has not changed for this long. */
export const FLAP_CALM_MS = 10 * MINUTE_MS;
/** Notes about windows of the past come no more often than this: a replay takes many evaluations. */
export const NOTE_INTERVAL_MS = 60 * MINUTE_MS;
/** Alerts spelled out in one message; it names the count of all. */
export const NOTIFIED_ALERTS_MAX = 20;
/** A series of which nothing was heard for so long no longer counts as missing: it is gone. */
export const NO_DATA_FORGOTTEN_MS = 24 * 60 * MINUTE_MS;
/** Late windows written to the history by one evaluation of one rule. */
export const LATE_BREACHES_MAX = 1_000;
