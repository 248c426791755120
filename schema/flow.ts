/**
 * The flow: what `GET /api/flows/{traceId}` answers, what `collector/flow` builds and what the UI draws.
 *
 * Ids are lower-case hex. Instants are ISO 8601 in UTC with nine fractional digits, as strings, because a
 * number cannot hold nanoseconds since the epoch. Durations are milliseconds, fractions included.
 */
import { z } from "zod";

export const traceIdSchema = z.string().regex(/^[0-9a-f]{32}$/, "a trace id is 32 lower-case hex digits");
export const spanIdSchema = z.string().regex(/^[0-9a-f]{16}$/, "a span id is 16 lower-case hex digits");
/** For example `2026-11-21T08:30:57.123456789Z`. */
export const instantSchema = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);

/** `unset` is shown as success: most SDKs never set `ok`. */
export const statusSchema = z.enum(["unset", "ok", "error"]);
export type Status = z.infer<typeof statusSchema>;

/** Values as OTLP has them; 64-bit integers beyond 2^53 and bytes (base64) are strings. */
export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };
export const attributeValueSchema: z.ZodType<AttributeValue> = z
  .lazy(() =>
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.array(attributeValueSchema),
      z.record(z.string(), attributeValueSchema),
    ]),
  )
  .meta({ id: "AttributeValue" });
export const attributesSchema = z.record(z.string(), attributeValueSchema);
export type Attributes = z.infer<typeof attributesSchema>;

export const spanEventSchema = z.object({ time: instantSchema, name: z.string(), attributes: attributesSchema });
/** What a span names as related beside its parent: most often the sender of a message that it took. */
export const spanLinkSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  traceState: z.string(),
  attributes: attributesSchema,
});

/** A span; `service` is `service.name` of its resource, `scope` the name of what instrumented it. */
export const spanSchema = z.object({
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  /** Absent on a root span. */
  parentSpanId: spanIdSchema.optional(),
  name: z.string(),
  kind: z.enum(["unspecified", "internal", "server", "client", "producer", "consumer"]),
  service: z.string(),
  startTime: instantSchema,
  durationMs: z.number(),
  status: statusSchema,
  statusMessage: z.string(),
  traceState: z.string(),
  attributes: attributesSchema,
  resource: attributesSchema,
  scope: z.string(),
  events: z.array(spanEventSchema),
  links: z.array(spanLinkSchema),
});
export type Span = z.infer<typeof spanSchema>;
export type SpanEvent = z.infer<typeof spanEventSchema>;
export type SpanLink = z.infer<typeof spanLinkSchema>;

/** What a node of a flow is: code that ran, a place for messages or data, or a peer outside. */
export const nodeKindSchema = z.enum([
  /** One run of a handler for this flow: an attempt. For a record of a batch, that record's part of the run. */
  "invocation",
  /** A server span that is no function: a request to a service. */
  "request",
  "topic",
  "queue",
  "stream",
  "bus",
  "bucket",
  "table",
  /** A peer that sent no spans: a database, a third party, a consumer without a wrapper. */
  "external",
]);
export type NodeKind = z.infer<typeof nodeKindSchema>;

/** Of a run that took several messages: how many they were, and where the whole run is found. */
export const batchSchema = z.object({
  /** Messages that the invocation took in all, this flow's included. */
  size: z.number().int(),
  /** The invocation's own span and trace (another than the flow's, where the batch met several flows). */
  traceId: traceIdSchema,
  spanId: spanIdSchema,
});

/** A step of a flow: one run of code, or a place that its messages went through. */
export const flowNodeSchema = z.object({
  /** Stable for the same spans: `inv:<spanId>` (where another has that, with a number) or `<kind>:<system>:<name>`. */
  id: z.string(),
  kind: nodeKindSchema,
  /** Function, route, queue or topic name. */
  name: z.string(),
  /** `service.name`; the messaging system for queues and topics. */
  service: z.string(),
  status: statusSchema,
  /** Why it failed: `error.type` and the exception's message, where the spans say. */
  error: z.object({ type: z.string(), message: z.string() }).optional(),
  coldStart: z.boolean().optional(),
  /** Init before the first invocation, in milliseconds; only where `coldStart`. */
  initMs: z.number().optional(),
  timedOut: z.boolean().optional(),
  /** 1 for the first delivery; from the transport's receive count, else counted by time. */
  attempt: z.number().int().optional(),
  /** Attempts seen of the same message at the same consumer; only where there was more than one. */
  attempts: z.number().int().optional(),
  /** A queue to which messages were moved after their last failed attempt. */
  deadLetter: z.boolean().optional(),
  batch: batchSchema.optional(),
  startTime: instantSchema,
  durationMs: z.number(),
  /**
   * Milliseconds that were added to this process's clock, here and in its spans, because by its own it began before
   * what caused it. Absent where nothing was corrected.
   */
  clockSkewMs: z.number().optional(),
  /** The entry span first, then everything it did in the same process. Empty for queues and topics. */
  spanIds: z.array(spanIdSchema),
  /** Where they stand among the answer's `spans`; only where other spans of the flow have one of these ids, too. */
  spanPositions: z.array(z.number().int().nonnegative()).optional(),
});
export type FlowNode = z.infer<typeof flowNodeSchema>;

/** A way from one node to another, by their ids, and what told that the two belong together. */
export const hopSchema = z.object({
  from: z.string(),
  to: z.string(),
  kind: z.enum([
    /** Code to topic or queue. */
    "publish",
    /** Topic to queue: one of its subscriptions. */
    "deliver",
    /** Queue or topic to code: one attempt. */
    "receive",
    /** Code to code, waited for. */
    "call",
    /** Queue to its dead-letter queue. */
    "dead-letter",
    /** Back from a dead-letter queue. */
    "redrive",
  ]),
  joinedBy: z.enum(["parent", "link", "identity", "content"]),
  /** From sent to received, by the broker's clock where it gives one, in milliseconds. Only on `receive`. */
  queueWaitMs: z.number().optional(),
  /** Instant at which the message was sent. */
  sentTime: instantSchema.optional(),
  /** Instant at which it was received. */
  receivedTime: instantSchema.optional(),
  attempt: z.number().int().optional(),
  messageId: z.string().optional(),
  /** The attempt that this hop delivered ended in failure. */
  failed: z.boolean().optional(),
});
export type Hop = z.infer<typeof hopSchema>;

/** Something that ought to be in the flow and is not. */
export const gapSchema = z.object({
  kind: z.enum(["missing-parent", "not-received", "waiting-for-retry"]),
  /** The node after which (or before which) something is missing. */
  nodeId: z.string(),
  /** For a reader: "last seen leaving topic orders at 12:00:01.204; nothing received". */
  message: z.string(),
  time: instantSchema,
  messageId: z.string().optional(),
});
export type Gap = z.infer<typeof gapSchema>;

/** Totals of a flow; a run that several flows share counts whole in each. */
export const flowStatsSchema = z.object({
  spans: z.number().int(),
  invocations: z.number().int(),
  errors: z.number().int(),
  coldStarts: z.number().int(),
  retries: z.number().int(),
  deadLetters: z.number().int(),
  /** Sum of the time messages waited in queues, milliseconds. */
  queueMs: z.number(),
  /** Sum of the time code ran, milliseconds. */
  busyMs: z.number(),
  /** What platforms bill for: memory limit times duration of each invocation whose limit is known, gigabyte-seconds. */
  gbSeconds: z.number().optional(),
});

/** All that one request caused, in whichever traces: its steps, the ways between them, and what is missing. */
export const flowSchema = z.object({
  /** The trace id of the flow's origin. */
  id: traceIdSchema,
  name: z.string(),
  traceIds: z.array(traceIdSchema),
  startTime: instantSchema,
  durationMs: z.number(),
  status: statusSchema,
  roots: z.array(z.string()),
  nodes: z.array(flowNodeSchema),
  hops: z.array(hopSchema),
  gaps: z.array(gapSchema),
  /** Node ids from the first request to the last effect. */
  criticalPath: z.array(z.string()),
  stats: flowStatsSchema,
  /** Present where a bound cut the flow: which bound, and its value. */
  truncated: z.object({ limit: z.string(), value: z.number() }).optional(),
});
export type Flow = z.infer<typeof flowSchema>;

/** A flow, and every span that its nodes name, by start. */
export const flowResponseSchema = z.object({ flow: flowSchema, spans: z.array(spanSchema) });
export type FlowResponse = z.infer<typeof flowResponseSchema>;
