/** Which attributes are over-represented among selected spans, against a base. */
import type { CompareResponse } from "../../../schema/api.ts";
import { PROMOTED_SPAN_COLUMNS, RESOURCE_COLUMNS } from "../span-columns.ts";
import type { QueryBounds, Store } from "../store.ts";
import { within, type Reading } from "./reading.ts";
import { spanCondition, type SpanFilter } from "./span-filter.ts";

const BOUNDS: QueryBounds = { timeS: 20, rowsRead: 500_000_000, memoryBytes: 2 * 1024 ** 3 };
/** Spans of each side that are compared. */
const SPANS_PER_SIDE_MAX = 100_000;
const ATTRIBUTES_MAX = 50;

/** Two sets of spans, which may overlap. */
export interface Comparison extends Reading {
  readonly selected: SpanFilter;
  readonly base: SpanFilter;
}

interface PairRow {
  readonly key: string;
  readonly value: string;
  readonly selected_spans: string;
  readonly base_spans: string;
  readonly selected_all: string;
  readonly base_all: string;
}

/** Texts and flags only: ids and sizes differ on every span and say nothing. */
const COMPARED = [...PROMOTED_SPAN_COLUMNS, ...RESOURCE_COLUMNS].filter(({ type }) => type === "lowCardinality");
const PAIRS = [
  ...COMPARED.map(({ attribute, column }) => `('${attribute}', toString(${column}))`),
  "('name', toString(name))",
  "('status', arrayElement(['unset', 'ok', 'error'], status_code + 1))",
  "('faas.coldstart', arrayElement(['', 'false', 'true'], faas_coldstart + 1))",
  "('http.response.status_code', if(http_response_status_code = 0, '', toString(http_response_status_code)))",
].join(",\n        ");

/** The attributes by how much more often the selected spans have them. */
export async function compareSpans(store: Store, { selected, base, ...reading }: Comparison): Promise<CompareResponse> {
  const one = spanCondition(selected);
  const other = spanCondition(base);
  // Both conditions name their parameters alike: those of the base are renamed.
  const renamed = other.sql.replaceAll(/\{(\w+):/g, "{base_$1:");
  const sql = `
WITH sides AS
(
    SELECT *, 1 AS is_selected FROM spans WHERE ${one.sql} LIMIT ${String(SPANS_PER_SIDE_MAX)}
    UNION ALL
    SELECT *, 0 AS is_selected FROM spans WHERE ${renamed} LIMIT ${String(SPANS_PER_SIDE_MAX)}
)
SELECT tupleElement(pair, 1) AS key, tupleElement(pair, 2) AS value,
    countIf(is_selected = 1) AS selected_spans, countIf(is_selected = 0) AS base_spans,
    (SELECT countIf(is_selected = 1) FROM sides) AS selected_all, (SELECT countIf(is_selected = 0) FROM sides) AS base_all
FROM
(
    SELECT is_selected, arrayJoin(arrayFilter(pair -> tupleElement(pair, 2) != '', arrayConcat([
        ${PAIRS}],
        arrayFilter(pair -> length(tupleElement(pair, 2)) <= 100, CAST(attributes_string, 'Array(Tuple(String, String))')),
        arrayMap(pair -> (tupleElement(pair, 1), if(tupleElement(pair, 2) = 1, 'true', 'false')), CAST(attributes_bool, 'Array(Tuple(String, UInt8))'))
    ))) AS pair
    FROM sides
)
GROUP BY key, value
HAVING selected_spans > 0
ORDER BY selected_spans / greatest(selected_all, 1) - base_spans / greatest(base_all, 1) DESC, key, value
LIMIT ${String(ATTRIBUTES_MAX)}`;
  const baseParams = Object.fromEntries(Object.entries(other.params).map(([name, value]) => [`base_${name}`, value]));
  const rows = await store.query<PairRow>(
    sql,
    { ...one.params, ...baseParams },
    within(BOUNDS, reading),
  );
  const [first] = rows;
  const all = { selected: Number(first?.selected_all ?? 0), base: Number(first?.base_all ?? 0) };
  if (Math.max(all.selected, all.base) >= SPANS_PER_SIDE_MAX) {
    reading.onCut?.({ limit: "spans", value: SPANS_PER_SIDE_MAX });
  }
  const attributes = rows
    .map(({ key, value, selected_spans: some, base_spans: others }) => ({
      key,
      value,
      selectedShare: Number(some) / Math.max(all.selected, 1),
      baseShare: Number(others) / Math.max(all.base, 1),
    }))
    .filter(({ selectedShare, baseShare }) => selectedShare > baseShare);
  return { ...all, attributes };
}
