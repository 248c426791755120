/** What comes in by OTLP/HTTP, and what is answered. */

/** How a request's body is written. */
export type OtlpEncoding = "protobuf" | "json";

/** What the acknowledgement says. */
export interface Received {
  readonly accepted: number;
  readonly rejected: number;
  readonly rejectMessage: string;
}
