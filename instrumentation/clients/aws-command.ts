/** The contract of an AWS producer: what one command of the SDK sends, carries and gets back. */
import type { Attributes } from "@opentelemetry/api";
import type { Fields } from "../events/event-source.ts";
import type { Carried } from "../core/propagation.ts";

/** What the transport said of the messages that were sent. */
export interface Sent {
  /** Identities given back, `<messaging.system>:<id>`. */
  readonly keys: readonly string[];
  /** MD5 of the body in hex, where neither a context nor an identity may reach the consumer. */
  readonly bodyMd5?: string | undefined;
  /** Id of the message, where it was one. */
  readonly messageId?: string | undefined;
  /** Entries of a batch that were not taken. */
  readonly failures?: readonly SendFailure[];
}

/** When a call was made, milliseconds since the epoch. */
export interface CallTimes {
  readonly startMs: number;
  readonly endMs: number;
}

/** An entry of a batch that the service did not take. */
export interface SendFailure {
  readonly entryId: string;
  readonly code: string;
  readonly message: string;
}

/** Span name and attributes of a call. */
export interface Described {
  readonly spanName: string;
  readonly attributes: Attributes;
  /** Where the input says that this call waits for an answer, or otherwise is no message. */
  readonly kind?: "client";
}

/** One command, stateless. Everything here is guarded by the caller, so it may throw on a wrong input. */
export interface AwsCommand {
  /** `producer` for what sends messages: traced even where no span is active. */
  readonly kind: "producer" | "client";
  describe(input: Fields): Described;
  /** A copy of `input` that carries the trace; the user's own object is never changed. */
  inject?(input: Fields, carried: Carried): Fields;
  /** The identities that the service gave back, or that both ends can work out. */
  identify?(output: Fields, input: Fields, call: CallTimes): Sent;
  /** Runs after a call that succeeded, whether or not it is traced. */
  onOutput?(output: Fields, input: Fields): void;
  /** Changes the input whether or not the call is traced. */
  prepare?(input: Fields): Fields;
}

/** Commands by `<service id>.<operation>`, for example `SNS.Publish`. */
export type AwsCommands = Readonly<Record<string, AwsCommand>>;
