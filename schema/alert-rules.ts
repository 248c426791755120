/**
 * `hopscope.alerts.yml`: rules, channels, silences and inhibitions as code. The collector validates by these
 * schemas, the API takes single rules by them, and `hopscope.alerts.schema.json` is made from them for editors.
 */
import { z } from "zod";
import { periodMs, shareOf } from "./alert-quantities.ts";

/** Rules of one file at most. */
export const RULES_MAX = 2_000;
/** Channels of one file at most. */
export const CHANNELS_MAX = 100;
/** Series of one rule at most, where it names no limit of its own. */
export const SERIES_DEFAULT = 5_000;
/** Series that a rule may ask for. */
export const SERIES_MAX = 50_000;

const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "must be lower-case letters, digits, dots, dashes; at most 100")
  .describe("Names the rule for good: a renamed rule is another rule.");

/** `30s`, `5m`, `4h`, `3d`: a number and its unit. */
export const periodSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'must be a number and a unit, for example "30s", "5m", "4h" or "3d"')
  .describe('A period: a number and a unit, for example "30s", "5m", "4h" or "3d".');

/** Whole minutes, because rules read rollups of that grain. */
export const windowSchema = z
  .string()
  .regex(/^[1-9]\d*(m|h|d)$/, 'must be whole minutes, hours or days, for example "5m", "1h" or "3d"')
  .describe('Over which time the value is taken: whole minutes, hours or days, for example "5m" or "1h".');

const SHARE_FAULT = 'must be a share of at most 100%, written as "5%" or 0.05';

/** `5%` or `0.05`. */
export const ratioSchema = z
  .union([z.number().min(0, SHARE_FAULT).max(1, SHARE_FAULT), z.string().regex(/^(100|\d{1,2}(\.\d+)?)%$/, SHARE_FAULT)], {
    error: SHARE_FAULT,
  })
  .describe('A share: "5%" or 0.05.');

/** Nothing promised, or everything, leaves no budget that could burn. */
const objectiveSchema = ratioSchema
  .refine((given) => shareOf(given) > 0 && shareOf(given) < 1, 'must be above 0% and below 100%, for example "99.9%"')
  .describe('The share of good invocations promised over 30 days, for example "99.9%".');

const labelsSchema = z
  .record(z.string().regex(/^[a-zA-Z_][\w.-]{0,99}$/), z.string().max(500))
  .describe("Fixed labels of every alert of the rule, for silences, inhibitions and messages.");

/** What a rule looks at. `*` in a name stands for any run of characters. */
export const scopeSchema = z
  .strictObject({
    service: z.string().min(1).max(500).optional().describe("service.name; * stands for any characters."),
    function: z.string().min(1).max(500).optional().describe("faas.name; * stands for any characters."),
    queue: z.string().min(1).max(500).optional().describe("Queue, topic or stream; * stands for any characters."),
    attributes: z
      .record(z.string().min(1).max(200), z.string().max(500))
      .optional()
      .describe("Span or resource attributes that must have these values; reads spans, not rollups."),
  })
  .describe("What the rule looks at; everything when left out.");

export const groupingSchema = z
  .array(z.enum(["service", "function", "queue"]))
  .max(3)
  .describe("One alert for each value of these; [] makes one alert of everything in scope.");

export const noDataSchema = z
  .union([
    z.enum(["keep", "resolve", "alert"]),
    z.strictObject({ policy: z.enum(["keep", "resolve", "alert"]), for: periodSchema.optional() }),
  ])
  .describe(
    "When nothing is known: keep the state (scaling to zero is normal), resolve what fires, or alert after `for`.",
  );

export const messageGroupSchema = z
  .strictObject({
    by: z.array(z.string()).max(5).optional().describe("Labels that make a message thread of their own."),
    wait: periodSchema
      .optional()
      .describe("Collects alerts before the first message. Default 0s: one evaluation is one message."),
    interval: periodSchema.optional().describe("Least time between two messages of a thread. Default 5m."),
    repeat: periodSchema.optional().describe("After which an alert that still fires is told again. Default 4h."),
  })
  .describe("How alerts are gathered into messages.");

const common = {
  id: idSchema,
  name: z.string().min(1).max(200).optional().describe("What people read; the id when left out."),
  enabled: z.boolean().optional(),
  severity: z.enum(["info", "warning", "critical"]).optional().describe("Default warning."),
  scope: scopeSchema.optional(),
  groupBy: groupingSchema.optional(),
  window: windowSchema.optional(),
  for: periodSchema.optional().describe("How long the condition must hold at every evaluation. Default 0s."),
  keepFiring: periodSchema.optional().describe("How long it must be clear before the alert ends. Default 0s."),
  minVolume: z.number().int().min(0).optional().describe("Fewer events than this in the window say nothing."),
  noData: noDataSchema.optional(),
  missing: periodSchema
    .optional()
    .describe("A firing series that is silent this long while others report is gone. Default 1h."),
  maxSeries: z.number().int().min(1).max(SERIES_MAX).optional().describe("More is a mistake in the rule."),
  mutedByUpstream: z
    .boolean()
    .optional()
    .describe("Default true: not told of a silence or a drop that an alert further up explains."),
  labels: labelsSchema.optional(),
  notify: z.array(z.string().min(1)).max(20).optional().describe("Channels; those of `defaults` when left out."),
  messages: messageGroupSchema.optional(),
  summary: z
    .string()
    .max(1000)
    .optional()
    .describe("First line of the message: text with {{value}}, {{function}} ..."),
  runbook: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where the reader finds what to do."),
};

const share = { threshold: ratioSchema, recover: ratioSchema.optional() };
const period = { threshold: periodSchema, recover: periodSchema.optional() };
const numberSchema = z.number({ error: "must be a number" }).min(0, "must be 0 or more");
const count = { threshold: numberSchema, recover: numberSchema.optional() };
const quantileSchema = z.enum(["p50", "p95", "p99"]).optional().describe("Default p95.");

const ruleKinds = [
  z
    .strictObject({ kind: z.literal("error-rate"), ...common, ...share })
    .describe("Failed share of invocations above."),
  z.strictObject({ kind: z.literal("cold-start-rate"), ...common, ...share }).describe("Cold starts' share above."),
  z
    .strictObject({ kind: z.literal("duration"), quantile: quantileSchema, ...common, ...period })
    .describe("Quantile of the invocations' duration above."),
  z
    .strictObject({
      kind: z.literal("init-duration"),
      quantile: z.enum(["p50", "p95"]).optional(),
      ...common,
      ...period,
    })
    .describe("Quantile of the cold starts' init above."),
  z.strictObject({ kind: z.literal("timeouts"), ...common, ...count }).describe("At least so many timeouts."),
  z.strictObject({ kind: z.literal("errors"), ...common, ...count }).describe("At least so many failed invocations."),
  z
    .strictObject({
      kind: z.literal("throughput-drop"),
      baseline: windowSchema.optional().describe("What the window is compared with: the time before it. Default 1h."),
      ...common,
      ...share,
    })
    .describe("Invocations below this share of what they usually are."),
  z
    .strictObject({ kind: z.literal("no-data"), ...common })
    .describe("No invocation in the window, of something that had some in the day before it."),
  z
    .strictObject({ kind: z.literal("expected"), ...common, threshold: z.number({ error: "must be a whole number from 1 on" }).int().min(1) })
    .describe("Fewer than so many invocations in the window: for cron jobs and heartbeats."),
  z.strictObject({ kind: z.literal("dead-letters"), ...common, ...count }).describe("At least so many dead letters."),
  z
    .strictObject({ kind: z.literal("queue-wait"), quantile: quantileSchema, ...common, ...period })
    .describe("Quantile of the time that messages waited above."),
  z
    .strictObject({ kind: z.literal("attempts"), ...common, ...count })
    .describe("A message was delivered at least so many times."),
  z
    .strictObject({ kind: z.literal("memory"), ...common, ...share })
    .describe("Most memory used, share of the limit, above."),
  z
    .strictObject({
      kind: z.literal("cost"),
      pricePerGbSecond: z.number().min(0).optional().describe("Default 0.0000166667."),
      pricePerMillionInvocations: z.number().min(0).optional().describe("Default 0.20."),
      ...common,
      ...count,
    })
    .describe("Estimated cost of the window, in the prices' currency, above."),
  z
    .strictObject({
      kind: z.literal("slo-burn"),
      ...common,
      objective: objectiveSchema,
      tiers: z
        .array(
          z.strictObject({
            name: z.string().regex(/^[a-z0-9-]{1,30}$/),
            long: windowSchema,
            short: windowSchema,
            burn: z.number().positive().describe("Times the rate that would use up the budget in 30 days."),
            severity: z.enum(["info", "warning", "critical"]).optional(),
            notify: z.array(z.string()).max(20).optional(),
          }),
        )
        .min(1)
        .max(6)
        .optional()
        .describe("Default: 14.4 over 1h and 5m, 6 over 6h and 30m (critical), 1 over 3d and 6h (info)."),
    })
    .describe("The error budget burns too fast, over a long and a short window both."),
  z
    .strictObject({
      kind: z.literal("query"),
      ...common,
      sql: z
        .string()
        .min(1)
        .max(20_000)
        .regex(/\bvalue\b/i, "must have a numeric column named value, for example SELECT count() AS value")
        .refine((sql) => !/;\s*\S/.test(sql), "must be one SELECT, without anything after it")
        .describe(
          "One SELECT with a numeric column value, and volume if it has one; text columns are labels. {from:DateTime} and {to:DateTime} are the window.",
        ),
      compare: z.enum(["above", "at-least", "below", "at-most"]).optional().describe("Default above."),
      threshold: z.number({ error: "must be a number" }),
      recover: z.number().optional(),
      maxSeconds: z.number().min(0.1).max(30).optional().describe("Default 5."),
      maxRowsRead: z.number().int().min(1).max(10_000_000_000).optional().describe("Default 100,000,000."),
    })
    .describe("Your own query; through the API only over this database's tables, with functions that compute."),
] as const;

/** A rule; its `kind` decides which fields it has, and what units their values are of. */
export const ruleSchema = z.discriminatedUnion("kind", ruleKinds).superRefine((rule, context) => {
  if (!("recover" in rule) || rule.recover === undefined) return;
  const isBelow = rule.kind === "throughput-drop" || (rule.kind === "query" && /^(below|at-most)$/.test(rule.compare ?? ""));
  const [threshold, recover] = [amountOf(rule.threshold), amountOf(rule.recover)];
  if (isBelow ? recover >= threshold : recover <= threshold) return;
  const side = isBelow ? "below" : "above";
  const message = `must not be ${side} threshold: it is where the alert ends, and would end while it begins`;
  context.addIssue({ code: "custom", path: ["recover"], message });
});

/** Thresholds of one kind are all shares, all periods or all numbers, so that these compare. */
function amountOf(given: number | string): number {
  return typeof given === "number" || given.endsWith("%") ? shareOf(given) : periodMs(given);
}

export type RuleInput = z.input<typeof ruleSchema>;
/** Which metric a rule is about: `error-rate`, `duration`, `query` and so on. */
export type RuleKind = RuleInput["kind"];

const secretDescription = 'Write "${NAME}" to take it from the environment.';
const secretSchema = z.string().min(1).max(2000).describe(secretDescription);
const targetSchema = z
  .string()
  .max(2000)
  .regex(/^(https?:\/\/[^/@]+(\/|$)|\$\{)/, 'must be an http(s) URL without user and password, or "${NAME}" from the environment')
  .describe(`An http(s) URL. ${secretDescription}`);

/** Where messages go, and by which means. */
export const channelSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("webhook"),
    url: targetSchema,
    secret: secretSchema.optional().describe(`Signs each message. ${secretDescription}`),
    headers: z.record(z.string().regex(/^[\w-]{1,100}$/), z.string().max(2000)).optional(),
  }),
  z.strictObject({ type: z.literal("slack"), url: targetSchema }),
  z.strictObject({ type: z.literal("teams"), url: targetSchema }),
  z.strictObject({
    type: z.literal("pagerduty"),
    routingKey: secretSchema,
    url: targetSchema.optional().describe("Default https://events.pagerduty.com/v2/enqueue."),
  }),
  z.strictObject({
    type: z.literal("email"),
    host: z.string().min(1).max(255),
    port: z.number().int().min(1).max(65535).optional().describe("Default 587."),
    secure: z.boolean().optional().describe("TLS from the first byte (port 465); else STARTTLS where offered."),
    user: secretSchema.optional(),
    password: secretSchema.optional(),
    from: z.string().min(3).max(500),
    to: z.array(z.string().min(3).max(500)).min(1).max(50),
  }),
  z.strictObject({
    type: z.literal("sns"),
    topicArn: z.string().regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/, "must be the ARN of an SNS topic"),
    endpoint: targetSchema.optional().describe("Another endpoint than the region's."),
  }),
]);
export type ChannelInput = z.input<typeof channelSchema>;

const matchersSchema = z
  .record(z.string().min(1).max(100), z.string().max(500))
  .refine((matchers) => Object.keys(matchers).length > 0, "must name at least one label")
  .describe("Labels and the values they must have; * stands for any characters. `rule` is the rule's id.");

const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "22:30"');

/** Times in which alerts that match are not told; evaluation goes on. */
export const silenceSchema = z.strictObject({
  id: idSchema,
  matchers: matchersSchema,
  from: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  weekly: z
    .strictObject({
      days: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).min(1),
      from: clockSchema,
      to: clockSchema.describe("Before `from`: on the next day."),
      timeZone: z.string().min(1).max(100).optional().describe("For example Europe/Amsterdam. Default UTC."),
    })
    .optional()
    .describe("Comes back every week at these times."),
  comment: z.string().max(1000).optional(),
}).superRefine(({ from, until, weekly }, context) => {
  const fault = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  if (from !== undefined && until !== undefined && Date.parse(until) <= Date.parse(from)) fault(["until"], "must be after from");
  if (weekly !== undefined && weekly.from === weekly.to) fault(["weekly", "to"], "must not be the time of weekly.from");
});
export type SilenceInput = z.input<typeof silenceSchema>;

/** Which alerts are not told while which others fire. */
export const inhibitionSchema = z.strictObject({
  source: matchersSchema.describe("While an alert of these labels fires ..."),
  target: matchersSchema.describe("... alerts of these are not told ..."),
  equal: z.array(z.string().min(1)).max(10).optional().describe("... if they have the same values of these labels."),
});
export type InhibitionInput = z.input<typeof inhibitionSchema>;

/** All that a rules file may say. */
export const alertFileSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1, { error: "must be 1" }),
  defaults: z
    .strictObject({
      notify: z.array(z.string().min(1)).max(20).optional(),
      labels: labelsSchema.optional(),
      messages: messageGroupSchema.optional(),
    })
    .optional(),
  channels: z
    .record(idSchema, channelSchema)
    .refine((channels) => Object.keys(channels).length <= CHANNELS_MAX, `must be at most ${CHANNELS_MAX}`)
    .optional(),
  rules: z.array(ruleSchema).max(RULES_MAX),
  silences: z.array(silenceSchema).max(1_000).optional(),
  inhibit: z.array(inhibitionSchema).max(100).optional(),
}, { error: ({ code }) => (code === "invalid_type" ? 'must begin with "version: 1" and have rules' : undefined) });
export type AlertFileInput = z.input<typeof alertFileSchema>;
