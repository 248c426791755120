/** What every query of a reader takes, and the options that it makes of it. */
import type { Truncated } from "../../../schema/api.ts";
import type { QueryBounds, QueryOptions } from "../store.ts";

/** How a reader gives up, and hears of an answer that is not whole. */
export interface Reading {
  readonly signal?: AbortSignal | undefined;
  /** With it, a bound that cuts the answer is said to it, and the answer is what was found until then. */
  readonly onCut?: ((cut: Truncated) => void) | undefined;
}

/**
 * For look-ups: the rounds of one page, and the flows of one time, lie in the same few blocks; which granules had no
 * such row is of use to nobody else.
 */
export const LOOK_UP_SETTINGS = "SETTINGS use_uncompressed_cache = 1, use_query_condition_cache = 0";

/** Options of one query within these bounds. */
export function within(bounds: QueryBounds, { signal, onCut }: Reading): QueryOptions {
  return { bounds, ...(signal && { signal }), ...(onCut && { onCut }) };
}

/** Options of queries one after the other that share the time of one, and whether any of them was cut so far. */
export function withinTogether(bounds: QueryBounds, reading: Reading): { options(): QueryOptions; isCut(): boolean } {
  const { timeS } = bounds;
  const started = performance.now();
  let isCut = false;
  const onCut = ({ limit, value }: Truncated) => {
    isCut = true;
    reading.onCut?.({ limit, value: limit === "time" ? (timeS ?? value) : value });
  };
  const options = () => {
    const leftS = timeS === undefined ? undefined : Math.ceil(timeS - (performance.now() - started) / 1000);
    const left = leftS === undefined ? bounds : { ...bounds, timeS: Math.max(1, leftS) };
    return within(left, { ...reading, ...(reading.onCut && { onCut }) });
  };
  return { options, isCut: () => isCut };
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
