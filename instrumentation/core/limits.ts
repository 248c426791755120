/** Every bound of the wrapper, with its unit and its reason. */

/** Longest that an invocation waits for the collector, milliseconds: what a caller does not notice as an outage. */
export const FLUSH_BUDGET_MS = 500;
/** Longest budget that can be asked for, milliseconds: Lambda's longest timeout. */
export const FLUSH_BUDGET_MAX_MS = 900_000;
/** Kept free before the deadline, milliseconds: the runtime still has to post the function's answer. */
export const DEADLINE_MARGIN_MS = 100;
/** How long before the deadline an invocation is sent as timing out, milliseconds: one cold round trip. */
export const TIMEOUT_NOTICE_MS = 200;
/** ... but never more than this part of the time that the invocation was given. */
export const TIMEOUT_NOTICE_PART = 0.1;
/** First pause after the collector failed, milliseconds; doubled after every further failure. */
export const BREAKER_PAUSE_MS = 10_000;
/** Longest pause after repeated failures, milliseconds. */
export const BREAKER_PAUSE_MAX_MS = 300_000;
/** Ended spans kept for the next flush. Beyond it the newest are dropped and counted: memory stays bounded. */
export const SPANS_BUFFERED_MAX = 2_048;
/** Spans in one export request: keeps a body well below the collector's limit. */
export const SPANS_PER_REQUEST_MAX = 1_024;
/** Longest that a span waits in a long-running process before it is sent, milliseconds. */
export const BATCH_DELAY_MS = 1_000;
/** Longest delay that can be asked for, milliseconds. */
export const BATCH_DELAY_MAX_MS = 60_000;
/** Time allowed for one export of a long-running process, milliseconds: nobody waits for it. */
export const BACKGROUND_EXPORT_MS = 10_000;
/** Attributes of one span, event or link; the OpenTelemetry SDKs' default. */
export const ATTRIBUTES_MAX = 128;
/** Characters of one string attribute: long enough for a stack trace. */
export const ATTRIBUTE_CHARS_MAX = 16_384;
/** Span events of one span: a batch of streams' records may have one each. */
export const EVENTS_MAX = 1_024;
/** Links of one span: the largest SQS batch is 10,000 records, more than a reader can use. */
export const LINKS_MAX = 1_024;
/** Nesting of an attribute's value: beyond it the value is dropped, so that a cycle ends. */
export const ATTRIBUTE_DEPTH_MAX = 8;
/** Records of one event that are described. Further ones are handled as ever, without an identity. */
export const RECORDS_MAX = 10_000;
/** Records handled at the same time by `traced.each` unless the user says otherwise. */
export const EACH_CONCURRENCY = 10;
/** Largest `concurrency` that `traced.each` accepts. */
export const EACH_CONCURRENCY_MAX = 1_000;
/** Idle time after which an environment that was started ahead of demand is no cold start for its first caller. */
export const PROACTIVE_INIT_MS = 10_000;
/** Characters of `tracestate` that are carried on; W3C Trace Context asks for at least 512. */
export const TRACESTATE_CHARS_MAX = 512;
/** Characters beyond which a member is the first to go where not all fit; W3C Trace Context section 3.3.1.5. */
export const TRACESTATE_LONG_CHARS = 128;
/** Members of `tracestate`; W3C Trace Context section 3.3.1.1. */
export const TRACESTATE_MEMBERS_MAX = 32;
