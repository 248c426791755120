/** Cursors: where a page ended, opaque to its reader. */
import type { OriginPosition } from "../store/queries/flow-origins.ts";
import { invalid, type ApiError } from "./api-error.ts";

/** The cursor of a position; `way` is the one on which the page was found, where there are several. */
export function encodeCursor({ startNs, traceId, spanId }: OriginPosition, way?: string): string {
  return `${startNs}-${traceId}-${spanId}${way === undefined ? "" : `-${way}`}`;
}

/**
 * The position of a cursor.
 *
 * @throws ApiError where it is none of ours
 */
export function decodeCursor(cursor: string): OriginPosition & { readonly way?: string } {
  const parts = /^(\d{1,19})-([0-9a-f]{32})-([0-9a-f]{16})(?:-([A-Za-z]+\d?))?$/.exec(cursor);
  const [, startNs, traceId, spanId, way] = parts ?? [];
  if (startNs === undefined || traceId === undefined || spanId === undefined || BigInt(startNs) >= 2n ** 63n) {
    throw wrongCursor();
  }
  return { startNs, traceId, spanId, ...(way !== undefined && { way }) };
}

/** A cursor that does not go with the request. */
export function wrongCursor(): ApiError {
  return invalid("cursor", "must be the nextCursor of an answer before, as it was, with the same filters");
}
