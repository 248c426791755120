/** What Jaeger's clients are told of an answer that a bound cut. */
import type { Context } from "hono";
import type { Truncated } from "../../../schema/api.ts";
import { pastLimit } from "../api-error.ts";
import type { CutNote } from "../cut-note.ts";

/** As a sentence. */
export function cutText({ limit, value }: Truncated): string {
  return `cut at the limit of ${limit} (${String(value)}): there may be more; take a shorter time range or a narrower filter`;
}

/** Of the answer as a whole; undefined where it is whole. */
export function cutTextOf({ member: { truncated } }: CutNote): string | undefined {
  return truncated && `The answer was ${cutText(truncated)}.`;
}

/** Says it in a header, where the form of an answer has no word for what is missing. */
export function sayCut(context: Context, cut: CutNote): void {
  const text = cutTextOf(cut);
  if (text !== undefined) context.header("Warning", `199 hopscope "${text}"`);
}

/**
 * Refuses an answer of which a bound left nothing: an empty one would say that there is nothing.
 *
 * @throws ApiError
 */
export function refuseEmpty(found: readonly unknown[], cut: CutNote): void {
  if (found.length === 0) refuseCut(cut);
}

/**
 * Refuses an answer that a bound cut.
 *
 * @throws ApiError
 */
export function refuseCut({ member: { truncated } }: CutNote): void {
  if (truncated) throw pastLimit(truncated.limit);
}
