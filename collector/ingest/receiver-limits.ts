/** The bounds of the ingestion that an operator or a test may set. */
import { diskFreeMinBytes, inFlightMaxBytes, segmentAgeMaxMs, spareSizeMaxBytes, walSizeMaxBytes } from "./limits.ts";

/** Bounds, each as its default in limits.ts. */
export interface ReceiverLimits {
  readonly walSizeMaxBytes?: number;
  readonly diskFreeMinBytes?: number;
  readonly inFlightMaxBytes?: number;
  readonly segmentAgeMaxMs?: number;
  readonly spareSizeMaxBytes?: number;
}

/** Every bound: what is set, else the default. */
export function withDefaults(limits: ReceiverLimits | undefined): Required<ReceiverLimits> {
  return { walSizeMaxBytes, diskFreeMinBytes, inFlightMaxBytes, segmentAgeMaxMs, spareSizeMaxBytes, ...limits };
}
