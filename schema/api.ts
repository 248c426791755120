/**
 * The query API's requests and answers: the collector validates by these schemas and describes them at
 * `/api/openapi.json`; the UI takes its types from them.
 */
import { z } from "zod";
import { flowStatsSchema, instantSchema, spanSchema, statusSchema, traceIdSchema } from "./flow.ts";

/** `from` and `to`: ISO 8601 with an offset or `Z`. `to` defaults to now, `from` to one hour before `to`. */
export const timeRangeQuerySchema = z.object({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

/** Flows on one page of the list. */
export const FLOWS_PAGE_DEFAULT = 50;
/** Flows on one page at most: each is assembled whole. */
export const FLOWS_PAGE_MAX = 200;

export const flowListQuerySchema = timeRangeQuerySchema.extend({
  service: z.string().min(1).max(500).optional(),
  status: z.enum(["ok", "error"]).optional(),
  limit: z.coerce.number().int().min(1).max(FLOWS_PAGE_MAX).default(FLOWS_PAGE_DEFAULT),
  cursor: z.string().max(200).optional(),
});

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

export const flowListResponseSchema = z.object({
  flows: z.array(flowSummarySchema),
  nextCursor: z.string().optional(),
});
export type FlowListResponse = z.infer<typeof flowListResponseSchema>;

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
  durationMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  /** null where no cold start was seen. */
  initMs: z.object({ p50: z.number(), p95: z.number() }).nullable(),
  /** Bytes; 0 where unknown. */
  memoryUsedMax: z.number(),
  memoryLimit: z.number(),
  gbSeconds: z.number(),
});
export type FunctionSummary = z.infer<typeof functionSummarySchema>;

export const functionListResponseSchema = z.object({ functions: z.array(functionSummarySchema) });
export type FunctionListResponse = z.infer<typeof functionListResponseSchema>;

/** Every 4xx and 5xx answer of `/api/*`. */
export const errorResponseSchema = z.object({
  error: z.object({
    code: z.enum(["invalid", "not-found", "unavailable", "internal"]),
    message: z.string(),
    /** The parameter or member at fault. */
    field: z.string().optional(),
  }),
});
export type ErrorResponse = z.infer<typeof errorResponseSchema>;

const numberParameter = z.coerce.number();
/** `true` or `false`, as a query parameter. */
const booleanParameter = z.enum(["true", "false"]).transform((text) => text === "true");
/** `key=value`; several are all wanted. Values are compared as texts. */
const attributeFilterSchema = z
  .string()
  .max(2_000)
  .regex(/^[^=]+=/, "must be key=value");
const attributeFiltersSchema = z
  .union([attributeFilterSchema, z.array(attributeFilterSchema).max(10)])
  .transform((given) => (typeof given === "string" ? [given] : given));

/** Which spans are meant: all of what is given holds. */
export const spanFilterQuerySchema = timeRangeQuerySchema.extend({
  service: z.string().min(1).max(500).optional(),
  function: z.string().min(1).max(500).optional(),
  /** The span's name. */
  name: z.string().min(1).max(500).optional(),
  kind: z.enum(["internal", "server", "client", "producer", "consumer"]).optional(),
  status: z.enum(["ok", "error"]).optional(),
  /** Queue, topic, stream, bus, bucket or table. */
  destination: z.string().min(1).max(500).optional(),
  coldStart: booleanParameter.optional(),
  minDurationMs: numberParameter.min(0).optional(),
  maxDurationMs: numberParameter.min(0).optional(),
  attribute: attributeFiltersSchema.optional(),
  /** In the name, the status message or the value of an attribute, whatever its case. */
  text: z.string().min(1).max(500).optional(),
});

/** Filters of flows: every one holds of the flow as a whole. */
export const flowSearchQuerySchema = flowListQuerySchema.extend({
  function: spanFilterQuerySchema.shape.function,
  destination: spanFilterQuerySchema.shape.destination,
  coldStart: spanFilterQuerySchema.shape.coldStart,
  minDurationMs: spanFilterQuerySchema.shape.minDurationMs,
  maxDurationMs: spanFilterQuerySchema.shape.maxDurationMs,
  /** Longest wait of one message, milliseconds. */
  minQueueWaitMs: numberParameter.min(0).optional(),
  attribute: spanFilterQuerySchema.shape.attribute,
  text: spanFilterQuerySchema.shape.text,
});

/** Where a bound cut the answer: which one, and its value. */
export const truncatedSchema = z.object({ limit: z.string(), value: z.number() });

/** Points of a series at most; a step that would make more is taken up. */
export const SERIES_POINTS_MAX = 1_500;

export const functionSeriesQuerySchema = timeRangeQuerySchema.extend({
  service: z.string().min(1).max(500).optional(),
  /** Seconds, whole minutes; default: about a hundred points. */
  stepS: z.coerce.number().int().min(60).max(86_400).multipleOf(60).optional(),
});

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
export const functionSeriesResponseSchema = z.object({
  name: z.string(),
  stepS: z.number(),
  points: z.array(functionPointSchema),
});
export type FunctionSeriesResponse = z.infer<typeof functionSeriesResponseSchema>;

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
export const queueListResponseSchema = z.object({
  queues: z.array(queueSummarySchema),
  truncated: truncatedSchema.optional(),
});
export type QueueListResponse = z.infer<typeof queueListResponseSchema>;

export const mapEdgeSchema = z.object({
  from: z.string(),
  to: z.string(),
  kind: z.enum(["publish", "receive", "call"]),
  count: z.number(),
  errors: z.number(),
  durationMs: z.object({ p50: z.number(), p95: z.number() }),
});
export const mapResponseSchema = z.object({
  nodes: z.array(z.object({ id: z.string(), kind: z.string(), name: z.string() })),
  edges: z.array(mapEdgeSchema),
  truncated: truncatedSchema.optional(),
});
export type MapResponse = z.infer<typeof mapResponseSchema>;

/** Spans of one answer at most. */
export const SPANS_PAGE_MAX = 1_000;
export const spanSearchQuerySchema = spanFilterQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(SPANS_PAGE_MAX).default(100),
  cursor: z.string().max(200).optional(),
});
export const spanListResponseSchema = z.object({ spans: z.array(spanSchema), nextCursor: z.string().optional() });
export type SpanListResponse = z.infer<typeof spanListResponseSchema>;

export const spanGroupsQuerySchema = spanFilterQuerySchema.extend({
  /** `service`, `function`, `name`, `kind`, `status` or an attribute's key. */
  by: z.string().min(1).max(500),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});
export const spanGroupSchema = z.object({
  /** '' for spans that have none. */
  value: z.string(),
  count: z.number(),
  errors: z.number(),
  durationMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
});
export const spanGroupsResponseSchema = z.object({
  groups: z.array(spanGroupSchema),
  truncated: truncatedSchema.optional(),
});
export type SpanGroupsResponse = z.infer<typeof spanGroupsResponseSchema>;

export const heatmapQuerySchema = spanFilterQuerySchema.extend({
  columns: z.coerce.number().int().min(2).max(500).default(100),
});
/** A cell: spans that began in the column's time and lasted from `fromMs` up to twice that. */
export const heatmapCellSchema = z.object({
  column: z.number().int(),
  fromMs: z.number(),
  count: z.number(),
  errors: z.number(),
});
export const heatmapResponseSchema = z.object({
  from: z.iso.datetime(),
  columnMs: z.number(),
  cells: z.array(heatmapCellSchema),
});
export type HeatmapResponse = z.infer<typeof heatmapResponseSchema>;

export const attributeKeysResponseSchema = z.object({
  keys: z.array(z.object({ key: z.string(), count: z.number() })),
});
export const attributeValuesQuerySchema = timeRangeQuerySchema.extend({
  key: z.string().min(1).max(500),
  prefix: z.string().max(500).optional(),
});
export const attributeValuesResponseSchema = z.object({
  values: z.array(z.object({ value: z.string(), count: z.number() })),
});

/** Compares the spans of `from`..`to` with those of `baseFrom`..`baseTo`, or without these the failed with the rest. */
export const compareQuerySchema = spanFilterQuerySchema.extend({
  baseFrom: z.iso.datetime({ offset: true }).optional(),
  baseTo: z.iso.datetime({ offset: true }).optional(),
});
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
});
export type CompareResponse = z.infer<typeof compareResponseSchema>;
