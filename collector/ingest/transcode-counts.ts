/** Counters since start. */
export interface TranscodeCounts {
  /** Spans whose clock was out of the window, stored at the time of their arrival. */
  wildClocks: number;
  endBeforeStart: number;
  /** Links left out because their ids have a wrong length. */
  badLinks: number;
  /** Strings that were not UTF-8 and were repaired. */
  repairedStrings: number;
}
