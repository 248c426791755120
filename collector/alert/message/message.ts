/** What a channel is given: version 1 of the message, as the webhook sends it. Times are ISO 8601 in UTC. */
import type { Labels, NotificationKind } from "../engine/types.ts";
import type { Severity } from "../rules/compiled.ts";

/** A failing flow to look at. */
export interface MessageFlow {
  readonly traceId: string;
  readonly url: string;
  readonly at: string;
  readonly error: string;
}

/** One series of the rule, as a message tells it. */
export interface MessageAlert {
  readonly status: "firing" | "resolved";
  /** `value`: it passed the threshold. `no-data`: there is none. */
  readonly condition: "value" | "no-data";
  readonly labels: Labels;
  readonly since: string;
  readonly endedAt: string | null;
  readonly reason: string | null;
  readonly value: number | null;
  /** The value as a person reads it: `7.5%`, `1.2 s`. */
  readonly valueText: string;
  /** What it usually is, over the day before; null where unknown. */
  readonly normalText: string | null;
  readonly windowEnd: string;
  readonly flapping: boolean;
  readonly flows: readonly MessageFlow[];
}

/** A message before a channel brings it into its own form; the webhook sends it as it is. */
export interface AlertMessage {
  readonly version: 1;
  /** The same in every try: receivers drop what they have had. */
  readonly id: string;
  /** The same from the first message about an incident to its end. */
  readonly incident: string;
  readonly kind: NotificationKind | "test";
  readonly at: string;
  readonly rule: {
    readonly id: string;
    readonly name: string;
    readonly kind: string;
    readonly severity: Severity;
    readonly labels: Labels;
    readonly thresholdText: string;
    readonly window: string;
    readonly runbook: string | null;
  };
  /** One line: what, where, how bad. */
  readonly title: string;
  /** A few lines of plain text that say all of it. */
  readonly text: string;
  /** Where to look. */
  readonly url: string;
  readonly firing: number;
  readonly resolved: number;
  readonly alerts: readonly MessageAlert[];
  /** Something that went wrong with the message itself. */
  readonly note: string | null;
}
