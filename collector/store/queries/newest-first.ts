/** A search for the newest of something, which looks through the newest time first and ends where it has enough. */

/** Of the first part of a range that is looked through; each next one is that many times as long. */
const FIRST_PART_MS = 30 * 60_000;
const GROWTH = 4;
/** Times the length that the found so far say: where they lie evenly, it has as many as are wanted. */
const RECKONED = 2;
/** Parts without anything after which it is asked until when there can be any. */
const EMPTY_PARTS_MAX = 2;
/** Parts without anything after which what is looked for counts as rare: the rest is looked through at once. */
const RARE_AFTER_PARTS = 3;

/** From one instant, included, to another, left out; ISO 8601. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

/** What is looked for: at most `limit`, each once by its key. */
export interface NewestSearch<Item> extends Range {
  readonly limit: number;
  keyOf(item: Item): string;
  /** Whether what was found so far is all that can be had. */
  isCut(): boolean;
  /** Until when the range can have any, its beginning where it cannot: asked once, where there are no new ones. */
  until(range: Range): Promise<string>;
}

/**
 * The newest items of a range. `find` answers with those of a part of it, newest first: all that it has, or at least
 * `limit`; whatever it answers twice, or of a later part again, is left out.
 */
export async function newestFirst<Item>(
  { from, to, limit, keyOf, isCut, until }: NewestSearch<Item>,
  find: (part: Range) => Promise<readonly Item[]>,
): Promise<Item[]> {
  const found = new Map<string, Item>();
  let [partTo, lengthMs, parts] = [to, FIRST_PART_MS, 0];
  let [isUntilAsked, isReckoned] = [false, false];
  for (;;) {
    const fromMs = Date.parse(partTo) - lengthMs;
    const isRare = found.size === 0 && parts >= RARE_AFTER_PARTS;
    // A last part shorter than the one before is not worth a search of its own.
    const isLast = isRare || fromMs - lengthMs <= Date.parse(from);
    const partFrom = isLast ? from : new Date(fromMs).toISOString();
    for (const item of await find({ from: partFrom, to: partTo })) {
      const key = keyOf(item);
      if (!found.has(key)) found.set(key, item);
    }
    if (isLast || found.size >= limit || isCut()) return [...found.values()].slice(0, limit);
    [partTo, lengthMs, parts] = [partFrom, lengthMs * GROWTH, parts + 1];
    if (found.size > 0 && !isReckoned) {
      isReckoned = true;
      const spentMs = Date.parse(to) - Date.parse(partTo);
      lengthMs = Math.min(lengthMs, Math.max(FIRST_PART_MS, (spentMs / found.size) * (limit - found.size) * RECKONED));
    }
    if (found.size === 0 && parts === EMPTY_PARTS_MAX && !isUntilAsked) {
      isUntilAsked = true;
      const last = await until({ from, to: partTo });
      if (Date.parse(last) <= Date.parse(from)) return [];
      // What ended long ago may have been frequent until then: the search begins anew there.
      if (Date.parse(last) < Date.parse(partTo)) [partTo, lengthMs, parts] = [last, FIRST_PART_MS, 0];
    }
  }
}
