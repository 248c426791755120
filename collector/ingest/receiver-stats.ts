/** What the receiver counts, as `/metrics` and tests read it. */
import type { LoadCounts } from "./loader.ts";
import type { RefusalReason, RejectionReason } from "./refusal-reasons.ts";
import type { TranscodeCounts } from "./transcode-counts.ts";
import type { WalCounts } from "./wal.ts";

/** A snapshot of the ingestion's counters and gauges, for `/metrics`. */
export interface ReceiverStats {
  readonly requests: number;
  readonly spans: number;
  readonly bytes: number;
  /** Spans without which their requests were taken, by reason. */
  readonly rejectedSpans: Readonly<Record<RejectionReason, number>>;
  /** Requests that were recognised as repeats. */
  readonly repeats: number;
  /** Requests that were refused, by reason. */
  readonly refused: Readonly<Record<RefusalReason, number>>;
  readonly commits: number;
  readonly inFlightBytes: number;
  /** Memory of the transcoder's kernel. */
  readonly kernelBytes: number;
  readonly walBytes: number;
  /** Bytes of the log's files that hold nothing and are kept to be written over. */
  readonly walSpareBytes: number;
  readonly walSegments: number;
  readonly diskFreeBytes: number;
  /** Age of the oldest acknowledged data that is not yet in the store, seconds. */
  readonly lagS: number;
  readonly transcode: Readonly<TranscodeCounts>;
  readonly wal: Readonly<WalCounts>;
  readonly load: Readonly<LoadCounts>;
  readonly loadError: string | undefined;
}
