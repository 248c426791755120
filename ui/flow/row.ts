import type { TimeClass } from "./time-share.ts";

/** A stretch of time on a row's bar. */
export interface Segment {
  kind: Exclude<TimeClass, "gap"> | "open";
  fromMs: number;
  toMs: number;
}

/** A few words beside a row's name. */
export interface RowTag {
  tone: "plain" | "warn" | "error" | "ok";
  text: string;
}

/**
 * What a row stands for. `group`: siblings alike, folded at first. `reference`: an invocation that this message also
 * reached, drawn elsewhere.
 */
export type RowKind =
  "invocation" | "request" | "topic" | "queue" | "dead-letter" | "external" | "span" | "missing" | "reference" | "group";

/** A row of the waterfall. Rows are in reading order; a row's descendants are those up to `endIndex`. */
export interface Row {
  /** Stable over refetches: a span id where there is one, else the node and message. */
  id: string;
  kind: RowKind;
  name: string;
  /** More about the name: the route that a function was called by. */
  note?: string;
  service: string;
  depth: number;
  parentIndex: number;
  /** Index after the last descendant. */
  endIndex: number;
  tags: RowTag[];
  failed: boolean;
  /** Why it failed, for a reader. */
  error?: string;
  critical: boolean;
  segments: Segment[];
  /** Extent of the segments in flow time. */
  fromMs: number;
  toMs: number;
  nodeId?: string;
  spanId?: string;
}
