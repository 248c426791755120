/** Cursors: where a page ended, opaque to its reader. */
import type { OriginPosition } from "../store/queries/flow-origins.ts";
import { invalid } from "./api-error.ts";

/** The cursor of a position. */
export function encodeCursor({ startNs, traceId, spanId }: OriginPosition): string {
  return `${startNs}-${traceId}-${spanId}`;
}

/**
 * The position of a cursor.
 *
 * @throws ApiError where it is none of ours
 */
export function decodeCursor(cursor: string): OriginPosition {
  const parts = /^(\d{1,19})-([0-9a-f]{32})-([0-9a-f]{16})$/.exec(cursor);
  const [, startNs, traceId, spanId] = parts ?? [];
  if (startNs === undefined || traceId === undefined || spanId === undefined || BigInt(startNs) >= 2n ** 63n) {
    throw invalid("cursor", "must be the nextCursor of an answer before, as it was");
  }
  return { startNs, traceId, spanId };
}
