/** Attribute keys and values, for completion, out of the newest spans of a time range. */
import type { QueryBounds, Store } from "../store.ts";
import { PROMOTED_SPAN_COLUMNS } from "../span-columns.ts";
import { attributeSql } from "./attribute-sql.ts";
import { atMost, within, type Reading } from "./reading.ts";
import { slotSql } from "./slots.ts";
import { SPAN_RANGE_SQL } from "./time-range-sql.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 500_000_000, memoryBytes: 1024 ** 3 };
/** Spans looked at: completion wants what is usual, not all there is. */
const SPANS_SAMPLED_MAX = 200_000;
/** Of the newest part of a range that is tried for the sample; each next one is that many times as long. */
const FIRST_PART_MS = 10 * 60_000;
const GROWTH = 4;
const KEYS_MAX = 1_000;
const VALUES_MAX = 200;

/** Spans that began from `from` on and before `to`, ISO 8601. */
export interface CompletionRange extends Reading {
  readonly from: string;
  readonly to: string;
}

interface Counted {
  /** Spans of the sample, and one more where there are more. */
  readonly sampled: string;
  readonly text: string;
  readonly spans: string;
}

/** Newest slots first: these are the order of the table. */
const SAMPLE_SQL = `SELECT * FROM spans WHERE ${SPAN_RANGE_SQL} ORDER BY ${slotSql("start_time")} DESC LIMIT ${String(SPANS_SAMPLED_MAX)}`;
const SAMPLED_SQL = `(SELECT count() FROM (SELECT 1 FROM spans WHERE ${SPAN_RANGE_SQL} LIMIT ${String(SPANS_SAMPLED_MAX + 1)})) AS sampled`;

const HAS_PROMOTED = PROMOTED_SPAN_COLUMNS.map(({ column, attribute, type }) => {
  const isThere = type === "string" || type === "lowCardinality" ? `notEmpty(${column})` : `${column} != 0`;
  return `if(${isThere}, '${attribute}', '')`;
}).join(", ");

/**
 * Resources are few: their keys are read once for each key of their spans, of which '' stands for the span itself.
 * Grouped by hashes, as texts of two columns are written out for each row.
 */
const KEYS_SQL = `
SELECT arrayJoin(if(key = '', of_resource, arrayFilter(own -> NOT has(of_resource, own), [key]))) AS text,
    sum(each) AS spans, ${SAMPLED_SQL}
FROM
(
    SELECT key, each, arrayDistinct(arrayMap(
        attribute -> JSONExtractString(attribute, 'key'), JSONExtractArrayRaw(whole, 'attributes')
    )) AS of_resource
    FROM
    (
        SELECT toString(any(resource)) AS whole, any(own) AS key, count() AS each
        FROM
        (
            SELECT resource, arrayJoin(arrayConcat([''], arrayDistinct(arrayFilter(key -> key != '', arrayConcat(
                [${HAS_PROMOTED}],
                mapKeys(attributes_string), mapKeys(attributes_int), mapKeys(attributes_double),
                mapKeys(attributes_bool), mapKeys(attributes_json)
            ))))) AS own
            FROM (${SAMPLE_SQL})
        )
        GROUP BY cityHash64(resource), cityHash64(own)
    )
)
GROUP BY text
HAVING text != ''
ORDER BY spans DESC, text
LIMIT ${String(KEYS_MAX + 1)}`;

/** Keys in use of spans and resources, the most frequent first; counts are those of the sample. */
export async function attributeKeys(store: Store, range: CompletionRange): Promise<{ key: string; count: number }[]> {
  const rows = await complete(store, { sql: KEYS_SQL, params: {}, limit: KEYS_MAX, name: "keys" }, range);
  return rows.map(({ text, spans }) => ({ key: text, count: Number(spans) }));
}

/** Values of a key that begin with `prefix`, the most frequent first; counts are those of the sample. */
export async function attributeValues(
  store: Store,
  { key, prefix, ...range }: CompletionRange & { readonly key: string; readonly prefix: string },
): Promise<{ value: string; count: number }[]> {
  const value = attributeSql(key, "wanted");
  const sql = `
SELECT ${value.sql} AS text, count() AS spans, ${SAMPLED_SQL}
FROM (${SAMPLE_SQL})
WHERE text != '' AND startsWith(text, {prefix:String})
GROUP BY text
ORDER BY spans DESC, text
LIMIT ${String(VALUES_MAX + 1)}`;
  const params = { ...value.params, prefix };
  const rows = await complete(store, { sql, params, limit: VALUES_MAX, name: "values" }, range);
  return rows.map(({ text, spans }) => ({ value: text, count: Number(spans) }));
}

interface Completion {
  readonly sql: string;
  readonly params: Record<string, string>;
  readonly limit: number;
  /** Of what `limit` is one. */
  readonly name: string;
}

async function complete(
  store: Store,
  { sql, params, limit, name }: Completion,
  { to, ...asked }: CompletionRange,
): Promise<readonly Counted[]> {
  const { from: _from, ...reading } = asked;
  const from = await sampledFrom(store, { to, ...asked });
  const rows = await store.query<Counted>(sql, { ...params, from, to }, within(BOUNDS, reading));
  if (Number(rows[0]?.sampled ?? 0) > SPANS_SAMPLED_MAX) reading.onCut?.({ limit: "spans", value: SPANS_SAMPLED_MAX });
  return atMost(rows, { limit, name, onCut: reading.onCut });
}

/** From when on the range has more spans than are looked at: what is older is not read then. */
async function sampledFrom(store: Store, { from, to, ...reading }: CompletionRange): Promise<string> {
  const sql = `SELECT count() AS spans FROM spans WHERE ${SPAN_RANGE_SQL}`;
  for (let lengthMs = FIRST_PART_MS; ; lengthMs *= GROWTH) {
    const fromMs = Date.parse(to) - lengthMs;
    if (fromMs <= Date.parse(from)) return from;
    const part = { from: new Date(fromMs).toISOString(), to };
    const [counted] = await store.query<{ spans: string }>(sql, part, within(BOUNDS, reading));
    if (Number(counted?.spans ?? 0) > SPANS_SAMPLED_MAX) return part.from;
  }
}
