/** Counters since start; a request that is taken back takes its share of them along. */
export interface TranscodeCounts {
  /** Spans left out for ids of a wrong length, or all zero. */
  rejectedIds: number;
  /** Spans left out for values nested too deep. */
  rejectedDepths: number;
  /** Spans whose clock was out of the window, stored at the time of their arrival. */
  wildClocks: number;
  endBeforeStart: number;
  /** Links left out because their ids have a wrong length. */
  badLinks: number;
  /** Strings that were not UTF-8 and were repaired. */
  repairedStrings: number;
}

/** Nothing counted yet. */
export function noCounts(): TranscodeCounts {
  return { rejectedIds: 0, rejectedDepths: 0, wildClocks: 0, endBeforeStart: 0, badLinks: 0, repairedStrings: 0 };
}
