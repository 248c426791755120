/** What `/api/alerts/*` answers. Times are ISO 8601 in UTC. */
import { z } from "zod";
import { truncatedSchema } from "./api.ts";

const labelsSchema = z.record(z.string(), z.string());

/** A series that fires, or is about to. */
export const alertInstanceSchema = z.object({
  labels: labelsSchema,
  /** `value`: past the threshold. `no-data`: silent. */
  condition: z.enum(["value", "no-data"]),
  phase: z.enum(["pending", "firing"]),
  since: z.string(),
  value: z.number().nullable(),
  valueText: z.string(),
  /** The silence or inhibition that keeps it from being told. */
  mutedBy: z.string().nullable(),
});

/** A rule in force, and what its last evaluation found. */
export const alertRuleSchema = z.object({
  id: z.string(),
  /** Of the entry in the file or the API; an SLO makes several rules. */
  sourceId: z.string(),
  name: z.string(),
  kind: z.string(),
  severity: z.enum(["info", "warning", "critical"]),
  origin: z.enum(["file", "api", "pack"]),
  state: z.enum(["ok", "pending", "firing", "broken", "little-traffic", "no-data"]),
  /** Why it cannot be evaluated. */
  error: z.string(),
  thresholdText: z.string(),
  window: z.string(),
  windowMs: z.number(),
  /** How long the condition must hold before it fires, milliseconds. */
  forMs: z.number(),
  series: z.number(),
  firing: z.number(),
  pending: z.number(),
  /** Series with too little traffic to judge. */
  insufficient: z.number(),
  worst: z.object({ labels: labelsSchema, valueText: z.string() }).nullable(),
  evaluatedAt: z.string().nullable(),
  notify: z.array(z.string()),
  alerts: z.array(alertInstanceSchema),
  /** The rule as it is written, for an editor. */
  definition: z.record(z.string(), z.unknown()),
});
export type AlertRule = z.infer<typeof alertRuleSchema>;

/** Something wrong with a rule and where it stands; lines count from 1, and 0 is none. */
export const alertProblemSchema = z.object({ line: z.number(), field: z.string(), message: z.string() });

/** Every rule in force, and whether they are evaluated. */
export const alertOverviewSchema = z.object({
  rules: z.array(alertRuleSchema),
  firing: z.number(),
  /** Whether this collector evaluates; else another one that shares the store does. */
  isEvaluating: z.boolean(),
  evaluatedAt: z.string().nullable(),
  file: z.string(),
  /** What is wrong with the rules file; the last good rules are in force meanwhile. */
  problems: z.array(alertProblemSchema),
});
export type AlertOverview = z.infer<typeof alertOverviewSchema>;

/** An alert began or ended, or a window is known only now to have breached. */
export const alertChangeSchema = z.object({
  at: z.string(),
  ruleId: z.string(),
  change: z.string(),
  condition: z.string(),
  labels: labelsSchema,
  windowEnd: z.string(),
  value: z.number().nullable(),
  valueText: z.string(),
  reason: z.string().nullable(),
  /** It concerns the past, so nobody was told. */
  past: z.boolean(),
});
/** The newest changes of the range; where it has more, `truncated` says so, and an earlier `to` gives them. */
export const alertHistorySchema = z.object({
  changes: z.array(alertChangeSchema),
  truncated: truncatedSchema.optional(),
});
export type AlertHistory = z.infer<typeof alertHistorySchema>;

/** A channel, and how it has done since the collector started. */
export const alertChannelSchema = z.object({
  name: z.string(),
  type: z.string(),
  /** Where it leads; never a secret. */
  target: z.string(),
  lastOkAt: z.string().nullable(),
  lastErrorAt: z.string().nullable(),
  lastError: z.string(),
  sent: z.number(),
  failedTries: z.number(),
  givenUp: z.number(),
});
/** Every channel of the file, and how many messages nobody has taken yet. */
export const alertChannelsSchema = z.object({ channels: z.array(alertChannelSchema), waiting: z.number() });
export type AlertChannels = z.infer<typeof alertChannelsSchema>;

/** Silences of the file and of the API, in force or not. */
export const alertSilencesSchema = z.object({
  silences: z.array(
    z.object({
      id: z.string(),
      matchers: labelsSchema,
      from: z.string().nullable(),
      until: z.string().nullable(),
      recurring: z.boolean(),
      /** Of a recurring one: weekdays, and times of day such as "22:30" of a time zone. */
      weekly: z
        .object({ days: z.array(z.string()), from: z.string(), to: z.string(), timeZone: z.string() })
        .nullable(),
      active: z.boolean(),
      comment: z.string(),
      /** Made in the file: to be changed there. */
      fromFile: z.boolean(),
    }),
  ),
});
export type AlertSilences = z.infer<typeof alertSilencesSchema>;

/** Whether the channel took the test message; `error` says why not. */
export const alertTestSchema = z.object({ ok: z.boolean(), error: z.string() });

/** What a rule would have told over a stored range. */
export const alertPreviewSchema = z.object({
  /** One for each evaluation: the worst value of all series, null where there was none. */
  points: z.array(z.object({ at: z.string(), value: z.number().nullable(), firing: z.number() })),
  threshold: z.number(),
  thresholdText: z.string(),
  /** One for each rule that the entry stands for: an SLO has tiers. */
  thresholds: z.array(z.object({ ruleId: z.string(), value: z.number(), text: z.string() })),
  /** How a value is to be written. */
  unit: z.enum(["share", "ms", "count", "times", "money", "number"]),
  /** What would have been told. */
  messages: z.array(
    z.object({
      at: z.string(),
      ruleId: z.string(),
      kind: z.string(),
      firing: z.number(),
      resolved: z.number(),
      labels: z.array(labelsSchema),
    }),
  ),
});
export type AlertPreview = z.infer<typeof alertPreviewSchema>;

/** What a rules file would have told; `problems` where it is not valid, and then no messages. */
export const alertCheckSchema = z.object({
  problems: z.array(alertProblemSchema),
  rules: z.number(),
  /** Rules left out because their own query may only be run from where the file is. */
  skipped: z.array(z.string()),
  messages: z.array(z.object({ at: z.string(), ruleId: z.string(), kind: z.string(), title: z.string() })),
});
export type AlertCheck = z.infer<typeof alertCheckSchema>;
