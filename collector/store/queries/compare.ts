/** Which attributes are over-represented among selected spans, against a base. */
import type { CompareResponse } from "../../../schema/api.ts";
import {
  PROMOTED_SPAN_COLUMNS,
  RESOURCE_COLUMNS,
  STORED_RESOURCE_COLUMNS,
  type PromotedColumn,
} from "../span-columns.ts";
import type { QueryBounds, Store } from "../store.ts";
import { resourceAttributeSql } from "./attribute-sql.ts";
import { within, type Reading } from "./reading.ts";
import { placedCondition } from "./search-places.ts";
import type { Condition, SpanFilter } from "./span-filter.ts";

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
const isCompared = ({ type }: PromotedColumn) => type === "lowCardinality";
const COLUMNS = [...PROMOTED_SPAN_COLUMNS, ...STORED_RESOURCE_COLUMNS].filter(isCompared);
/** What the store works out of the resource cuts texts at a quote: those are read whole. */
const OF_RESOURCES = RESOURCE_COLUMNS.filter((column) => isCompared(column) && !COLUMNS.includes(column)).map(
  ({ attribute }, at) => ({ attribute, ...resourceAttributeSql(attribute, `resource${String(at)}`) }),
);
const PAIRS_PARAMS = Object.assign({}, ...OF_RESOURCES.map(({ params }) => params)) as Record<string, string>;
const PAIRS = [
  ...COLUMNS.map(({ attribute, column }) => `('${attribute}', toString(${column}))`),
  "('name', toString(name))",
  "('status', arrayElement(['unset', 'ok', 'error'], status_code + 1))",
  "('faas.coldstart', arrayElement(['', 'false', 'true'], faas_coldstart + 1))",
  "('http.response.status_code', if(http_response_status_code = 0, '', toString(http_response_status_code)))",
].join(",\n        ");

const RESOURCE_PAIRS = OF_RESOURCES.map(({ attribute, sql }) => `('${attribute}', toString(${sql}))`).join(",\n        ");

/** The spans of one side, each as its pairs; that without a key stands for the span itself. */
const sideSql = (isSelected: 0 | 1, condition: string) => `
    WITH [${RESOURCE_PAIRS}] AS of_resource
    SELECT ${String(isSelected)} AS is_selected, arrayConcat([('', '')], arrayFilter(pair -> tupleElement(pair, 2) != '', arrayConcat([
        ${PAIRS}],
        of_resource,
        arrayFilter(pair -> length(tupleElement(pair, 2)) <= 100 AND NOT has(of_resource, pair), CAST(attributes_string, 'Array(Tuple(String, String))')),
        arrayFilter(pair -> NOT has(of_resource, pair), arrayMap(
            pair -> (tupleElement(pair, 1), if(tupleElement(pair, 2) = 1, 'true', 'false')),
            CAST(attributes_bool, 'Array(Tuple(String, UInt8))')
        ))
    ))) AS pairs
    FROM spans
    ${condition}
    LIMIT ${String(SPANS_PER_SIDE_MAX)}`;

/** The attributes by how much more often the selected spans have them. */
export async function compareSpans(store: Store, { selected, base, ...reading }: Comparison): Promise<CompareResponse> {
  const [one, other] = await Promise.all(
    [selected, base].map((filter) => placedCondition(store, { filter, ...reading })),
  ) as [Condition, Condition];
  // Both conditions name their parameters alike: those of the base are renamed.
  const renamed = other.sql.replaceAll(/\{(\w+):/g, "{base_$1:");
  const baseParams = Object.fromEntries(Object.entries(other.params).map(([name, value]) => [`base_${name}`, value]));
  const sql = `
SELECT key, value, selected_spans, base_spans,
    max(if(key = '', selected_spans, 0)) OVER () AS selected_all, max(if(key = '', base_spans, 0)) OVER () AS base_all
FROM
(
    SELECT tupleElement(pair, 1) AS key, tupleElement(pair, 2) AS value,
        countIf(is_selected = 1) AS selected_spans, countIf(is_selected = 0) AS base_spans
    FROM (${sideSql(1, one.sql)}
    UNION ALL${sideSql(0, renamed)})
    ARRAY JOIN pairs AS pair
    GROUP BY key, value
    HAVING selected_spans > 0 OR key = ''
)
ORDER BY key = '' DESC, selected_spans / greatest(selected_all, 1) - base_spans / greatest(base_all, 1) DESC, key, value
LIMIT ${String(ATTRIBUTES_MAX + 1)}`;
  const params = { ...PAIRS_PARAMS, ...one.params, ...baseParams };
  const [first, ...rows] = await store.query<PairRow>(sql, params, within(BOUNDS, reading));
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
