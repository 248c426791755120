/**
 * The public types of `hopscope`. This file imports nothing: the build copies it into the published
 * declarations as it stands.
 */

/** What is captured of events and responses. Every member may be left out. */
export interface CaptureOptions {
  /**
   * Most bytes of one payload, 64 to 16384.
   * @default 4096
   */
  readonly maxBytes?: number;
  /**
   * Names of members whose values are left out, beside the built-in ones (password, token, authorization, cookie,
   * card and their like): parts of names in any case, or regular expressions.
   */
  readonly redactKeys?: readonly (string | RegExp)[];
}

/** Options of `traced`. Every one may be left out. */
export interface TracedOptions {
  /**
   * Name of the invocation's span.
   * @default what triggered it, for example `POST /orders` or `process payments`
   */
  readonly name?: string;
  /** Attributes for the invocation's span, the same for every invocation. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Longest that an invocation waits for the collector, in milliseconds; never past its deadline.
   * @default what `HOPSCOPE_FLUSH_BUDGET_MS` says, else 500
   */
  readonly flushBudgetMs?: number;
  /**
   * Whether the event and the response are recorded on the invocation's span: bounded, and without what their
   * names say is secret.
   * @default what `HOPSCOPE_CAPTURE_PAYLOAD` says, else false
   */
  readonly capturePayload?: boolean | CaptureOptions;
}

/** Options of `traced.each`. */
export interface EachOptions extends TracedOptions {
  /**
   * Records handled at the same time, 1 to 1000. Records of one FIFO message group, and those of a stream,
   * are handled one after the other whatever this says.
   * @default 10
   */
  readonly concurrency?: number;
}

/** What a handler of `traced.each` returns, as Lambda's `ReportBatchItemFailures` and your own code read it. */
export interface BatchResult {
  readonly batchItemFailures: { itemIdentifier: string }[];
}

/** An event that is a batch: of Lambda, or an answer of `ReceiveMessage`, or the messages in it. */
export type BatchEvent<R> =
  | { readonly Records: readonly R[] }
  | { readonly Messages?: readonly R[] | undefined }
  | readonly R[];

/** The type of {@link traced}. */
export interface Traced {
  /**
   * Wraps a handler so that each of its invocations is a span, continues the caller's trace and is sent before
   * the environment freezes. The wrapped handler takes, returns and throws what the handler does.
   */
  <H extends (...args: never[]) => unknown>(handler: H, options?: TracedOptions): H;
  /**
   * Makes a handler of a batch out of a handler of one record. Each record is handled in a span of its own in
   * the trace of its producer. Returns the records that failed as `batchItemFailures`: set
   * `ReportBatchItemFailures` on the event source mapping, or failed records count as done. For a source
   * without partial failures (SNS) the first failure is thrown after every record was tried.
   */
  each<R, C = unknown>(
    recordHandler: (record: R, context: C) => unknown,
    options?: EachOptions,
  ): (event: BatchEvent<R>, context?: C) => Promise<BatchResult>;
}

/** The type of {@link tracedClient}. */
export interface TracedClient {
  /**
   * Makes every call of an AWS SDK v3 client a span and lets the messages that it sends carry the trace.
   * The client itself is changed and returned; a second call changes nothing. Anything that is no such client
   * is returned as it is.
   */
  <C extends object>(client: C): C;
}
