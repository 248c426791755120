/** The words by which `/metrics` tells why something was not taken; docs/operations/ingestion.md explains each. */

/** Of requests and calls that are answered with an error. */
export const REFUSAL_REASONS = [
  "malformed",
  "hung-up",
  "deadline",
  "too-large",
  "content-type",
  "content-encoding",
  "method",
  "path",
  "unauthenticated",
  "rate",
  "in-flight",
  "wal-full",
  "disk-full",
  "disk-error",
  "store",
  "stopping",
  "internal",
] as const;

/** One of {@link REFUSAL_REASONS}. */
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Of spans whose request was taken without them. */
export const REJECTION_REASONS = ["id", "depth", "malformed"] as const;

/** One of {@link REJECTION_REASONS}. */
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** What there may be no room in, and what a client is told of it. */
export const LACKS = {
  "wal-full": "the write-ahead log is full, as the store does not take its data",
  "disk-full": "the disk is full",
} as const satisfies Partial<Record<RefusalReason, string>>;
