/**
 * The query API's requests and answers: the collector validates by these schemas and describes them at
 * `/api/openapi.json`; the UI takes its types from them.
 */
import { z } from "zod";
import { flowStatsSchema, instantSchema, statusSchema, traceIdSchema } from "./flow.ts";

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
