/**
 * The public types of `hopscope/logs`. This file imports nothing: the build copies it into the published
 * declarations as it stands.
 */

/** What a log line says of the trace it belongs to; empty outside of a span. */
export interface TraceFields {
  readonly trace_id?: string;
  readonly span_id?: string;
  /** Two hex digits, `01` for a trace that is kept. */
  readonly trace_flags?: string;
}

/** A format of winston (`logform`). */
export interface TraceFormat {
  transform<I extends object>(info: I): I;
}
