/**
 * The shapes of traces in the JSON of Jaeger's query API, version 1.
 *
 * @see https://github.com/jaegertracing/jaeger/blob/main/internal/uimodel/model.go
 */

/** An attribute; integers and floats are numbers in JSON. */
export interface JaegerTag {
  readonly key: string;
  readonly type: "string" | "bool" | "int64" | "float64";
  readonly value: string | number | boolean;
}

/** The parent, or a link to another span. */
export interface JaegerReference {
  readonly refType: "CHILD_OF" | "FOLLOWS_FROM";
  readonly traceID: string;
  readonly spanID: string;
}

/** One span, its ids in hex. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly JaegerReference[];
  /** Microseconds since the epoch. */
  readonly startTime: number;
  /** Microseconds. */
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

/** The spans of a trace, and the processes that `processID` names. */
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>;
  readonly warnings: readonly string[] | null;
}
