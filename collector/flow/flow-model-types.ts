/** What goes into the model of the transports and comes out of it. */
import type { Attributes, Span } from "../../schema/flow.ts";

/** A queue and the function that takes from it. */
export interface QueueModel {
  readonly batchSize: number;
  /** Whether the function has a span for each record of a batch. */
  readonly each: boolean;
  /** Subscribed to the topic with raw delivery: the message does not carry the topic's id. */
  readonly raw: boolean;
  /** Chance that a record fails, 0 to 1. */
  readonly failing: number;
  /** Whoever takes from it sends no spans. */
  readonly untold: boolean;
  readonly receivesMax: number;
  readonly deadLetterReader: "none" | "takes" | "returns for redrive";
  /** Chance that a message is delivered once more though it was taken without failure, 0 to 1. */
  readonly duplicates: number;
  /** Index of the queue that it sends on to; its own makes a cycle. */
  readonly next: number | undefined;
}

/** What a run of the model depends on: the same input has the same spans. */
export interface ModelInput {
  readonly seed: number;
  readonly orders: number;
  /** The first of them get the orders from the topic, or directly. */
  readonly queues: readonly QueueModel[];
  readonly subscribed: number;
  readonly viaTopic: boolean;
  /** Messages that one call sends to each destination. */
  readonly messagesPerSend: number;
  /** Whether messages carry trace context. */
  readonly context: boolean;
  /** How far each instance's clock may be off, milliseconds. */
  readonly clockSkewMs: number;
}

/** What really happened to one order. */
export interface TrueFlow {
  readonly traceId: string;
  /** `<invocation or place>|<invocation or place>|<kind>|<message id>`. */
  readonly hops: Set<string>;
  /** Trace id and span id. */
  readonly spans: Set<string>;
  /** `<invocation>|<message id>|<attempt>|<whether it failed>`. */
  readonly attempts: Set<string>;
  /** Messages that nobody is known to have taken, by the id that their sender knows. */
  readonly lost: Set<string>;
  /** Messages that failed last and were not seen again. */
  readonly waiting: Set<string>;
  /** Something failed for good: moving a message to a dead-letter queue mends nothing. */
  failed: boolean;
}

/** The spans that were recorded, and what really happened, to be compared with what is read out of them. */
export interface ModelOutput {
  readonly spans: Span[];
  readonly flows: TrueFlow[];
  /** The invocation that each span belongs to, by span id. */
  readonly invocationOf: Map<string, string>;
  /** Messages that an invocation took, by its label. */
  readonly batchSizeOf: Map<string, number>;
}

/** A span to be recorded; `atMs` counts from the epoch of tests, by a right clock. */
export interface SpanSpec {
  readonly traceId: string;
  readonly parent?: { readonly spanId: string };
  readonly kind: Span["kind"];
  readonly name: string;
  readonly atMs: number;
  readonly lastsMs: number;
  readonly invocation: { readonly label: string; readonly service: string; readonly skewMs: number };
  readonly orders: ReadonlySet<number>;
  readonly attributes?: Attributes;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }[];
  readonly events?: readonly Attributes[];
  readonly failed?: boolean;
}

/** A call that sends to these queues, by their index; `hopsLeft` ends cycles. */
export interface SendSpec {
  readonly from: Span;
  readonly invocation: SpanSpec["invocation"];
  readonly orders: ReadonlySet<number>;
  readonly queues: readonly number[];
  readonly viaTopic: boolean;
  readonly atMs: number;
  readonly hopsLeft: number;
}

/** A message on its way. */
export interface Envelope {
  readonly id: string;
  readonly topicId: string | undefined;
  readonly raw: boolean;
  readonly context: { readonly traceId: string; readonly spanId: string };
  readonly sentMs: number;
  readonly orders: ReadonlySet<number>;
  readonly hopsLeft: number;
  queue: number;
  isDead: boolean;
  /** The next delivery is from the dead-letter queue, or from the queue after a redrive. */
  moved: "dead-letter" | "redrive" | undefined;
  receives: number;
  /** How the last delivery ended; in between, a success in the queue itself mends what failed before. */
  failed: boolean;
  isMended: boolean;
  firstReceivedMs: number | undefined;
  visibleMs: number;
}

/** The records of a batch as one consumer's spans tell them. */
export interface RecordSpec {
  readonly queue: QueueModel;
  readonly results: readonly { readonly message: Envelope; readonly failed: boolean }[];
  readonly invocation: SpanSpec["invocation"];
  readonly atMs: number;
  readonly isDead: boolean;
}
