/** Attribute keys and values, for completion, out of the newest spans of a time range. */
import type { QueryBounds, Store } from "../store.ts";
import { PROMOTED_SPAN_COLUMNS, RESOURCE_COLUMNS } from "../span-columns.ts";
import { attributeSql } from "./attribute-sql.ts";

const BOUNDS: QueryBounds = { timeS: 10, rowsRead: 500_000_000, memoryBytes: 1024 ** 3 };
/** Spans looked at: completion wants what is usual, not all there is. */
const SPANS_SAMPLED_MAX = 200_000;
const KEYS_MAX = 1_000;
const VALUES_MAX = 200;

export interface CompletionRange {
  readonly from: string;
  readonly to: string;
  readonly signal?: AbortSignal | undefined;
}

interface Counted {
  readonly text: string;
  readonly spans: string;
}

const RANGE_SQL = `start_time >= parseDateTime64BestEffort({from:String}, 9, 'UTC')
  AND start_time < parseDateTime64BestEffort({to:String}, 9, 'UTC')`;

const PROMOTED = [...PROMOTED_SPAN_COLUMNS, ...RESOURCE_COLUMNS];
const HAS_PROMOTED = PROMOTED.map(({ column, attribute, type }) => {
  const isThere = type === "string" || type === "lowCardinality" ? `notEmpty(${column})` : `${column} != 0`;
  return `if(${isThere}, '${attribute}', '')`;
}).join(", ");

const KEYS_SQL = `
SELECT text, count() AS spans
FROM
(
    SELECT arrayJoin(arrayConcat(
        arrayFilter(key -> key != '', [${HAS_PROMOTED}]),
        mapKeys(attributes_string), mapKeys(attributes_int), mapKeys(attributes_double), mapKeys(attributes_bool)
    )) AS text
    FROM (SELECT * FROM spans WHERE ${RANGE_SQL} LIMIT ${String(SPANS_SAMPLED_MAX)})
)
GROUP BY text
ORDER BY spans DESC, text
LIMIT ${String(KEYS_MAX)}`;

/** Keys in use, the most frequent first; counts are those of the sample. */
export async function attributeKeys(store: Store, range: CompletionRange): Promise<{ key: string; count: number }[]> {
  const rows = await complete(store, KEYS_SQL, range, {});
  return rows.map(({ text, spans }) => ({ key: text, count: Number(spans) }));
}

/** Values of a key that begin with `prefix`, the most frequent first; counts are those of the sample. */
export async function attributeValues(
  store: Store,
  { key, prefix, ...range }: CompletionRange & { readonly key: string; readonly prefix: string },
): Promise<{ value: string; count: number }[]> {
  const value = attributeSql(key, "wanted");
  const sql = `
SELECT ${value.sql} AS text, count() AS spans
FROM (SELECT * FROM spans WHERE ${RANGE_SQL} LIMIT ${String(SPANS_SAMPLED_MAX)})
WHERE text != '' AND startsWith(text, {prefix:String})
GROUP BY text
ORDER BY spans DESC, text
LIMIT ${String(VALUES_MAX)}`;
  const rows = await complete(store, sql, range, { ...value.params, prefix });
  return rows.map(({ text, spans }) => ({ value: text, count: Number(spans) }));
}

async function complete(
  store: Store,
  sql: string,
  { from, to, signal }: CompletionRange,
  params: Record<string, string>,
) {
  return store.query<Counted>(sql, { ...params, from, to }, { bounds: BOUNDS, ...(signal && { signal }) });
}
