/**
 * The query API's requests and answers: the collector validates by these schemas and describes them at
 * `/api/openapi.json`; the UI takes its types from them.
 */
import { z } from "zod";
import {
  flowStatsSchema,
  hopSchema,
  instantSchema,
  nodeKindSchema,
  spanSchema,
  statusSchema,
  traceIdSchema,
} from "./flow.ts";

/** What the store's clock can say: from 1970 until 2262. */
const timeParameter = z.iso
  .datetime({
    offset: true,
    error: "must be ISO 8601 with Z or an offset (its + written %2B), such as 2026-11-21T12:00:00Z",
  })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) < Date.UTC(2262, 0), "must be from 1970 to 2261");

/** A number as a query parameter; nothing between `=` and `&` is none. */
const parameterOf = (number: z.ZodNumber) =>
  z.preprocess((given) => (typeof given === "string" && given.trim() !== "" ? Number(given) : given), number);
const milliseconds = parameterOf(z.number().min(0));
/** A whole number as a query parameter. */
export const integerParameter = (least: number, most: number) => parameterOf(z.int().min(least).max(most));
const textParameter = z.string().min(1).max(500);
const cursorParameter = z.string().max(200).optional().describe("The `nextCursor` of the page before, with the same filters.");

/**
 * `from` and `to`: ISO 8601 with an offset or `Z`. `to` defaults to now, `from` to one hour before `to`. A parameter
 * that a route does not know is refused: a filter with a typing error would answer with everything.
 */
export const timeRangeQuerySchema = z.strictObject({
  from: timeParameter.optional().describe("Begin of the range, ISO 8601. Default: an hour before `to`."),
  to: timeParameter.optional().describe("End of the range, left out, ISO 8601. Default: now."),
});

/**
 * Where a bound cut the answer: which one, and its value. `time` (seconds), `rows` and `memory` (bytes) are those of
 * one query; what was found until then is in the answer. `parts`: flows were looked for by spans that lasted, or whose
 * messages waited by their own word, one of so many parts of what is asked, as the range holds too many flows to look
 * through; a flow that only adds up to it may be missing. The others are counts of what an answer holds or looked at.
 */
export const truncatedSchema = z.object({ limit: z.string(), value: z.number() });
export type Truncated = z.infer<typeof truncatedSchema>;

/** Flows on one page of the list. */
export const FLOWS_PAGE_DEFAULT = 50;
/** Flows on one page at most: each is assembled whole. */
export const FLOWS_PAGE_MAX = 200;

/** A page of flows; `cursor` is the `nextCursor` of the page before. */
export const flowListQuerySchema = timeRangeQuerySchema.extend({
  service: textParameter.optional().describe("A `service.name` that takes part."),
  status: z.enum(["ok", "error"]).optional().describe("How the flow came out: `ok` is all but `error`."),
  limit: integerParameter(1, FLOWS_PAGE_MAX).default(FLOWS_PAGE_DEFAULT).describe("Flows of the page."),
  cursor: cursorParameter,
});

/** A flow as a line of the list. */
export const flowSummarySchema = z.object({
  id: traceIdSchema,
  name: z.string(),
  service: z.string(),
  startTime: instantSchema,
  durationMs: z.number(),
  status: statusSchema,
  /** The error to show in a list: of the last failed attempt. */
  error: z.object({ type: z.string(), message: z.string() }).optional(),
  /** Every service of the flow, sorted. */
  services: z.array(z.string()),
  stats: flowStatsSchema,
});
export type FlowSummary = z.infer<typeof flowSummarySchema>;

/** A page of flows, newest first. */
export const flowListResponseSchema = z.object({
  flows: z.array(flowSummarySchema),
  /** There where more may follow, also where the page is not full. */
  nextCursor: z.string().optional(),
  /** The page is not full because a bound ended the search: `nextCursor` goes on. */
  truncated: truncatedSchema.optional(),
});
export type FlowListResponse = z.infer<typeof flowListResponseSchema>;

/** Totals of one function of one service over the range; durations in milliseconds. */
export const functionSummarySchema = z.object({
  name: z.string(),
  service: z.string(),
  invocations: z.number(),
  errors: z.number(),
  timeouts: z.number(),
  coldStarts: z.number(),
  /** 0 to 1. */
  coldStartRate: z.number(),
  /** 0 to 1. */
  errorRate: z.number(),
  /** Of the invocations whose trace was sampled; 0 where none was. */
  durationMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  /** null where no cold start was seen. */
  initMs: z.object({ p50: z.number(), p95: z.number() }).nullable(),
  /** Bytes; 0 where unknown. */
  memoryUsedMax: z.number(),
  memoryLimit: z.number(),
  gbSeconds: z.number(),
});
export type FunctionSummary = z.infer<typeof functionSummarySchema>;

/** The functions that ran in the range, the busiest first. */
export const functionListResponseSchema = z.object({
  functions: z.array(functionSummarySchema),
  truncated: truncatedSchema.optional(),
});
export type FunctionListResponse = z.infer<typeof functionListResponseSchema>;

/** Every 4xx and 5xx answer of `/api/*`. */
export const errorResponseSchema = z.object({
  error: z.object({
    code: z.enum(["invalid", "unauthorized", "not-found", "method-not-allowed", "unavailable", "internal"]),
    message: z.string(),
    /** The parameter or member at fault. */
    field: z.string().optional(),
  }),
});
export type ErrorResponse = z.infer<typeof errorResponseSchema>;

/** `true` or `false`, as a query parameter. */
const booleanParameter = z.enum(["true", "false"]).transform((text) => text === "true");
/** `key=value`; several are all wanted. Values are compared as texts. */
const attributeFilterSchema = z
  .string()
  .max(2_000)
  .regex(/^[^=]+=/, "must be key=value");
const attributeFiltersSchema = z
  .union([attributeFilterSchema, z.array(attributeFilterSchema).max(10)], {
    error: "must be key=value, up to 10 times, 2,000 characters each",
  })
  .transform((given) => (typeof given === "string" ? [given] : given));

/** Which spans are meant: all of what is given holds. */
export const spanFilterQuerySchema = timeRangeQuerySchema.extend({
  service: textParameter.optional().describe("The `service.name`."),
  function: textParameter.optional().describe("The function's name, `faas.name`, or where there is none the service's."),
  name: textParameter.optional().describe("The span's name."),
  kind: z.enum(["internal", "server", "client", "producer", "consumer"]).optional().describe("The span's kind."),
  status: z.enum(["ok", "error"]).optional().describe("`ok` is all but `error`."),
  destination: textParameter
    .optional()
    .describe(
      "Queue, topic, stream, bus, bucket or table: what a span calls `messaging.destination.name`, " +
        "`db.collection.name`, `aws.s3.bucket` or one of `aws.dynamodb.table_names`.",
    ),
  coldStart: booleanParameter.optional().describe("Whether an invocation began with a cold start."),
  minDurationMs: milliseconds.optional().describe("Least duration, milliseconds."),
  maxDurationMs: milliseconds.optional().describe("Longest duration, milliseconds."),
  attribute: attributeFiltersSchema
    .optional()
    .describe("`key=value` of a span or its resource; several are all wanted. Values are compared as texts."),
  text: textParameter
    .optional()
    .describe(
      "In the name, the status message, or a value of an attribute of the span, of its events (such as an exception's " +
        "message) or of its resource, whatever its case: texts, also those in lists and maps, and for digits numbers " +
        "too. Names of attributes and events, links and flags are not looked at.",
    ),
});

/** Filters of flows: every one holds of the flow as a whole. */
export const flowSearchQuerySchema = flowListQuerySchema.extend({
  function: spanFilterQuerySchema.shape.function,
  destination: spanFilterQuerySchema.shape.destination,
  coldStart: spanFilterQuerySchema.shape.coldStart,
  minDurationMs: spanFilterQuerySchema.shape.minDurationMs,
  maxDurationMs: spanFilterQuerySchema.shape.maxDurationMs,
  minQueueWaitMs: milliseconds.optional().describe("Least of the longest wait of a message in a queue, milliseconds."),
  attribute: spanFilterQuerySchema.shape.attribute,
  text: spanFilterQuerySchema.shape.text,
});

/** Points of a series at most; a step that would make more is taken up. */
export const SERIES_POINTS_MAX = 1_500;

/** The range of a function's series, and its grain. */
export const functionSeriesQuerySchema = timeRangeQuerySchema.extend({
  service: textParameter.optional().describe("Of which service, where several have a function of that name."),
  stepS: parameterOf(z.int().min(60).max(86_400).multipleOf(60))
    .optional()
    .describe("Seconds from point to point, whole minutes. Default: about a hundred points; over days, of whole hours."),
});

/** What a function did in one step; durations in milliseconds, memory in bytes. */
export const functionPointSchema = z.object({
  /** Begin of the step. */
  time: z.iso.datetime(),
  invocations: z.number(),
  errors: z.number(),
  timeouts: z.number(),
  coldStarts: z.number(),
  /** null where nothing ran. */
  durationMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
  initMs: z.object({ p50: z.number(), p95: z.number() }).nullable(),
  memoryUsedMax: z.number(),
  /** Invocations that ran at once, on average. */
  concurrency: z.number(),
  gbSeconds: z.number(),
});
/** A point for each step in which the function ran. */
export const functionSeriesResponseSchema = z.object({
  name: z.string(),
  stepS: z.number(),
  points: z.array(functionPointSchema),
  truncated: truncatedSchema.optional(),
});
export type FunctionSeriesResponse = z.infer<typeof functionSeriesResponseSchema>;

/** What code took from one queue or topic over the range; waits in milliseconds. */
export const queueSummarySchema = z.object({
  name: z.string(),
  system: z.string(),
  messages: z.number(),
  /** Messages a second over the range. */
  rate: z.number(),
  failures: z.number(),
  retries: z.number(),
  deadLetters: z.number(),
  attemptsMax: z.number(),
  /** null where no message says when it was sent. */
  waitMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
  consumers: z.array(z.object({ service: z.string(), name: z.string(), messages: z.number(), failures: z.number() })),
});
export type QueueSummary = z.infer<typeof queueSummarySchema>;
/** The queues and topics that code took from, the busiest first. */
export const queueListResponseSchema = z.object({
  queues: z.array(queueSummarySchema),
  truncated: truncatedSchema.optional(),
});
export type QueueListResponse = z.infer<typeof queueListResponseSchema>;

/** How often one node sent to, took from or called another, and how long that took, milliseconds. */
export const mapEdgeSchema = z.object({
  from: z.string(),
  to: z.string(),
  kind: z.enum(["publish", "receive", "call"]),
  count: z.number(),
  errors: z.number(),
  durationMs: z.object({ p50: z.number(), p95: z.number() }),
});
/** Who has to do with whom over the range; edges name nodes by their ids. */
export const mapResponseSchema = z.object({
  nodes: z.array(z.object({ id: z.string(), kind: z.string(), name: z.string() })),
  edges: z.array(mapEdgeSchema),
  truncated: truncatedSchema.optional(),
});
export type MapResponse = z.infer<typeof mapResponseSchema>;

/** Spans of one answer at most. */
export const SPANS_PAGE_MAX = 1_000;
/** A page of spans; `cursor` is the `nextCursor` of the page before. */
export const spanSearchQuerySchema = spanFilterQuerySchema.extend({
  limit: integerParameter(1, SPANS_PAGE_MAX).default(100).describe("Spans of the page."),
  cursor: cursorParameter,
});
/** A page of spans, newest first. */
export const spanListResponseSchema = z.object({
  spans: z.array(spanSchema),
  nextCursor: z.string().optional(),
  truncated: truncatedSchema.optional(),
});
export type SpanListResponse = z.infer<typeof spanListResponseSchema>;

/** Which spans, and by what they are told apart. */
export const spanGroupsQuerySchema = spanFilterQuerySchema.extend({
  by: textParameter.describe("`service`, `function`, `name`, `kind`, `status` or an attribute's key."),
  limit: integerParameter(1, 1_000).default(50).describe("Groups of the answer."),
});
/** Spans with one value; durations in milliseconds. */
export const spanGroupSchema = z.object({
  /** '' for spans that have none. */
  value: z.string(),
  count: z.number(),
  errors: z.number(),
  durationMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
});
/** Groups, the largest first. */
export const spanGroupsResponseSchema = z.object({
  groups: z.array(spanGroupSchema),
  truncated: truncatedSchema.optional(),
});
export type SpanGroupsResponse = z.infer<typeof spanGroupsResponseSchema>;

/** Which spans, and into how many columns their range is cut. */
export const heatmapQuerySchema = spanFilterQuerySchema.extend({
  columns: integerParameter(2, 500).default(100).describe("Parts into which the range is cut."),
});
/** A cell: spans that began in the column's time and lasted from `fromMs` up to twice that; in the lowest also less. */
export const heatmapCellSchema = z.object({
  column: z.number().int(),
  fromMs: z.number(),
  count: z.number(),
  errors: z.number(),
});
/** The cells in which there are spans; the first column begins at `from`. */
export const heatmapResponseSchema = z.object({
  from: z.iso.datetime(),
  columnMs: z.number(),
  cells: z.array(heatmapCellSchema),
  truncated: truncatedSchema.optional(),
});
export type HeatmapResponse = z.infer<typeof heatmapResponseSchema>;

/** Keys in use, the most frequent first, with the number of spans that have them. */
export const attributeKeysResponseSchema = z.object({
  keys: z.array(z.object({ key: z.string(), count: z.number() })),
  /** `spans`: the counts are those of a sample of that many. */
  truncated: truncatedSchema.optional(),
});
/** A key, and what its values begin with. */
export const attributeValuesQuerySchema = timeRangeQuerySchema.extend({
  key: textParameter.describe("The attribute's key."),
  prefix: z.string().max(500).optional().describe("What the values begin with."),
});
/** Values in use, the most frequent first, with the number of spans that have them. */
export const attributeValuesResponseSchema = z.object({
  values: z.array(z.object({ value: z.string(), count: z.number() })),
  truncated: truncatedSchema.optional(),
});

/** Compares the spans of `from`..`to` with those of `baseFrom`..`baseTo`, or without these the failed with the rest. */
export const compareQuerySchema = spanFilterQuerySchema.extend({
  baseFrom: timeParameter.optional().describe("Begin of the range to compare with; goes with `baseTo`."),
  baseTo: timeParameter.optional().describe("Its end, left out."),
});
/** How many spans each side has, and what sets the selected ones apart. */
export const compareResponseSchema = z.object({
  selected: z.number(),
  base: z.number(),
  /** What is over-represented, the most first. */
  attributes: z.array(
    z.object({
      key: z.string(),
      value: z.string(),
      /** Share of the selected spans that have it, 0 to 1. */
      selectedShare: z.number(),
      baseShare: z.number(),
    }),
  ),
  /** `spans`: of a side, no more than that many were compared. */
  truncated: truncatedSchema.optional(),
});
export type CompareResponse = z.infer<typeof compareResponseSchema>;

/** What one of two compared flows has of a step. */
const comparedStepSchema = z.object({
  /** How often: runs of code, messages of a queue. */
  count: z.number().int(),
  errors: z.number().int(),
  coldStarts: z.number().int(),
  retries: z.number().int(),
  /** Sum over all, milliseconds. */
  durationMs: z.number(),
  maxMs: z.number(),
});
/** A function, a service's request, a queue or a peer, in both flows; null in the one that does not have it. */
export const flowStepComparisonSchema = z.object({
  kind: nodeKindSchema,
  name: z.string(),
  service: z.string(),
  flow: comparedStepSchema.nullable(),
  other: comparedStepSchema.nullable(),
});
const comparedHopSchema = z.object({
  count: z.number().int(),
  failed: z.number().int(),
  /** Highest attempt. */
  attempts: z.number().int(),
  /** Sum of the time that messages waited, milliseconds. */
  queueMs: z.number(),
});
/** A way between two steps, by their names. */
export const flowHopComparisonSchema = z.object({
  kind: hopSchema.shape.kind,
  from: z.string(),
  to: z.string(),
  flow: comparedHopSchema.nullable(),
  other: comparedHopSchema.nullable(),
});
/** Two flows, and all in which they may differ. */
export const flowCompareResponseSchema = z.object({
  flow: flowSummarySchema,
  other: flowSummarySchema,
  /** In the order of the first flow, then what only the other one has. */
  steps: z.array(flowStepComparisonSchema),
  hops: z.array(flowHopComparisonSchema),
  /** Attributes by how much their share of the spans differs, the most first. */
  attributes: z.array(
    z.object({ key: z.string(), value: z.string(), share: z.number(), otherShare: z.number() }),
  ),
  truncated: truncatedSchema.optional(),
});
export type FlowCompareResponse = z.infer<typeof flowCompareResponseSchema>;
