/** What every query of a reader takes, and the options that it makes of it. */
import type { Truncated } from "../../../schema/api.ts";
import type { QueryBounds, QueryOptions } from "../store.ts";

/** How a reader gives up, and hears of an answer that is not whole. */
export interface Reading {
  readonly signal?: AbortSignal | undefined;
  /** With it, a bound that cuts the answer is said to it, and the answer is what was found until then. */
  readonly onCut?: ((cut: Truncated) => void) | undefined;
}

/** For look-ups: the rounds of one page, and the flows of one time, lie in the same few blocks. */
export const UNPACKED_BLOCKS = "SETTINGS use_uncompressed_cache = 1";

/** Options of one query within these bounds. */
export function within(bounds: QueryBounds, { signal, onCut }: Reading): QueryOptions {
  return { bounds, ...(signal && { signal }), ...(onCut && { onCut }) };
}

/** The same reading, and whether any of its answers was cut so far. */
export function notingCuts({ signal, onCut }: Reading): { readonly reading: Reading; isCut(): boolean } {
  let isCut = false;
  const note = (cut: Truncated) => {
    isCut = true;
    onCut?.(cut);
  };
  return { reading: { signal, ...(onCut && { onCut: note }) }, isCut: () => isCut };
}

/** The first `limit` of rows of which one more was asked for, so that a cut is seen. */
export function atMost<Row>(
  rows: readonly Row[],
  { limit, name, onCut }: { readonly limit: number; readonly name: string } & Pick<Reading, "onCut">,
): readonly Row[] {
  if (rows.length <= limit) return rows;
  onCut?.({ limit: name, value: limit });
  return rows.slice(0, limit);
}
