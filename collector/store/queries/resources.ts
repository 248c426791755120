/** Which attributes the resources of a time range have, and when: asked before spans are read for it. */
import type { QueryBounds, Store } from "../store.ts";
import { attributeEquals } from "./attribute-sql.ts";
import type { Range } from "./newest-first.ts";
import { within, type Reading } from "./reading.ts";
import { storedString } from "./stored-json.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 1024 ** 3 };

/** A key and a value, as a text. */
export type KeyAndValue = readonly [key: string, value: string];

/** Attributes, and the range in which spans have such resources. */
export interface ResourceSearch extends Range, Reading {
  readonly attributes: readonly KeyAndValue[];
}

/** The resources of the parameters `from` to `to`; a day more on both sides, as days are of the server's time zone. */
const IN_RANGE_SQL = `
FROM resource_days
WHERE day >= toDate32(parseDateTime64BestEffort({from:String}, 9, 'UTC')) - 1
  AND day <= toDate32(parseDateTime64BestEffort({to:String}, 9, 'UTC')) + 1
  AND last_start > parseDateTime64BestEffort({from:String}, 9, 'UTC') - toIntervalSecond(1)
  AND first_start < parseDateTime64BestEffort({to:String}, 9, 'UTC')`;

/** Seconds since the epoch; 0 where there is none. */
interface Found {
  readonly firsts: readonly number[];
  readonly lasts: readonly number[];
}

/** For each attribute the part of the range in which spans have a resource with it; undefined where none has. */
export async function resourcesWith(
  store: Store,
  { attributes, from, to, ...reading }: ResourceSearch,
): Promise<(Range | undefined)[]> {
  if (attributes.length === 0) return [];
  const params: Record<string, unknown> = { from, to };
  const conditions = attributes.map(([key, value], at) => {
    const equality = attributeEquals(key, value, { prefix: `attribute${String(at)}`, place: "resources" });
    Object.assign(params, equality.params);
    return equality.sql;
  });
  const each = (of: (condition: string) => string) => `[${conditions.map(of).join(", ")}]`;
  const sql = `
SELECT
    ${each((condition) => `toUnixTimestamp(minIf(first_start, ${condition}))`)} AS firsts,
    ${each((condition) => `toUnixTimestamp(maxIf(last_start, ${condition}))`)} AS lasts
${IN_RANGE_SQL}`;
  const [found] = await store.query<Found>(sql, params, within(BOUNDS, reading));
  return attributes.map((_, at) => {
    const [first = 0, last = 0] = [found?.firsts[at], found?.lasts[at]];
    return last === 0 ? undefined : overlap({ from, to }, { from: isoOf(first), to: isoOf(last + 1) });
  });
}

/** Names that a resource holds, and the range in which spans have such resources. */
export interface NamesSearch extends Range, Reading {
  /** Of a service or a function. */
  readonly names: readonly string[];
}

/**
 * The end of the part of the range in which spans may have a resource that says all the names anywhere in it: the
 * range's beginning where none has.
 */
export async function lastWithNames(store: Store, { names, from, to, ...reading }: NamesSearch): Promise<string> {
  const conditions = names.map((_, at) => `\n  AND position(resource, {name${String(at)}:String}) > 0`);
  const params = Object.fromEntries(names.map((name, at) => [`name${String(at)}`, storedString(name)]));
  const sql = `SELECT toUnixTimestamp(max(last_start)) AS last ${IN_RANGE_SQL}${conditions.join("")}`;
  const [found] = await store.query<{ last: number }>(sql, { from, to, ...params }, within(BOUNDS, reading));
  const last = found?.last ?? 0;
  return last === 0 ? from : overlap({ from, to }, { from, to: isoOf(last + 1) }).to;
}

/** What two ranges have in common; where that is nothing, `from` is not before `to`. */
export function overlap(one: Range, other: Range): Range {
  return {
    from: Date.parse(one.from) >= Date.parse(other.from) ? one.from : other.from,
    to: Date.parse(one.to) <= Date.parse(other.to) ? one.to : other.to,
  };
}

/** Whether any instant is in the range. */
export function isInstantIn({ from, to }: Range): boolean {
  return Date.parse(from) < Date.parse(to);
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
