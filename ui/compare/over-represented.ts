/** Which attribute values one side has more often than the other, and how sure that is. */

/** Half the width of a 95 % interval, in standard errors. */
const Z_95 = 1.96;

/** An attribute's value with how many spans of each side have it. */
export interface Difference {
  key: string;
  value: string;
  /** Spans that have it: of this side, of the other. */
  count: number;
  otherCount: number;
  /** 0 to 1. */
  share: number;
  otherShare: number;
  /** The least that the shares differ by, as far as so many spans can say; 0 where chance may explain it all. */
  sureDifference: number;
}

/** What the API says of a value. */
export interface Shares {
  key: string;
  value: string;
  share: number;
  otherShare: number;
}

/** The spans of each side. */
export interface Sides {
  spans: number;
  otherSpans: number;
  /** They are all there are, as those of two flows, and no sample: what only one has is a fact, however few have it. */
  areWhole: boolean;
}

/** The values of a comparison by what they are worth to a reader. */
export interface RankedDifferences {
  told: Difference[];
  /** Shares that so many spans do not tell apart. */
  slight: Difference[];
  /** Ids, instants and measures: they differ between any two. */
  passing: Difference[];
}

/** Returns the values by how surely their shares differ; of whole flows, those first that only one of them has. */
export function rankDifferences(all: readonly Shares[], sides: Sides): RankedDifferences {
  const ranked = all
    .map((one) => differenceOf(one, sides))
    .sort((a, b) => b.sureDifference - a.sureDifference || weight(b) - weight(a) || gap(b) - gap(a));
  const isTold = (one: Difference): boolean =>
    one.sureDifference > 0 || (sides.areWhole && Math.min(one.count, one.otherCount) === 0);
  const lasting = ranked.filter((one) => !isPassing(one));
  return {
    told: lasting.filter(isTold),
    slight: lasting.filter((one) => !isTold(one)),
    passing: ranked.filter(isPassing),
  };
}

const REASONS = /^(?:error|exception|status|http\.response|faas\.(?:coldstart|version)|hopscope\.message)\b/;

/** What most often is the reason comes first where the numbers do not decide. */
const weight = ({ key }: Difference): number => (REASONS.test(key) ? 1 : 0);

function differenceOf({ key, value, share, otherShare }: Shares, { spans, otherSpans }: Sides): Difference {
  const count = Math.round(share * spans);
  const otherCount = Math.round(otherShare * otherSpans);
  // Agresti and Caffo: one more of each kind on both sides, so that 2 of 2 is not taken for certain.
  const p = (count + 1) / (spans + 2);
  const q = (otherCount + 1) / (otherSpans + 2);
  const error = Math.sqrt((p * (1 - p)) / (spans + 2) + (q * (1 - q)) / (otherSpans + 2));
  const sureDifference = Math.max(0, Math.abs(p - q) - Z_95 * error);
  return { key, value, count, otherCount, share, otherShare, sureDifference };
}

const gap = ({ share, otherShare }: Shares): number => Math.abs(share - otherShare);

const PASSING_KEY = /(?:^|[._])(?:id|ids|key|keys|uuid|md5|etag|arn|instance|sequence|timestamp|size|used|port)$|_(?:id|ms|ns|time)$/i;
const PASSING_VALUE = /^[0-9a-f]{8}-[0-9a-f]{4}-|^[0-9a-f]{16,}$|^\d{4}-\d\d-\d\dT|^\d{10,}$/i;

/** Whether a value belongs to one message, run or instant and says nothing of why two differ. */
export function isPassing({ key, value }: { key: string; value: string }): boolean {
  return PASSING_KEY.test(key) || PASSING_VALUE.test(value);
}
