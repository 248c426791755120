/** Which spans are meant, as the condition of a query. */
import { MESSAGE_RETURNED, MESSAGE_SENT_MS, STORE_NAMES, TABLE_NAMES } from "../../../schema/attributes.ts";
import { OLDER_DESTINATIONS } from "../../../schema/older-names.ts";
import { filterSql, type FilterExpression } from "./filter-expression.ts";
import { attributeEquals, type AttributePlace } from "./attribute-sql.ts";
import { textCondition } from "./free-text.ts";
import { storedString } from "./stored-json.ts";
import { SPAN_RANGE_SQL } from "./time-range-sql.ts";

/** All of what is given holds. */
export interface SpanFilter {
  /** ISO 8601; spans that began at or after it. */
  readonly from: string;
  /** ISO 8601; spans that began before it. */
  readonly to: string;
  readonly service?: string | undefined;
  readonly function?: string | undefined;
  readonly name?: string | undefined;
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer" | undefined;
  readonly status?: "ok" | "error" | undefined;
  /** Whatever the flow takes for a failure: an error, a deadline, a record given back to its queue. */
  readonly failed?: true | undefined;
  readonly destination?: string | undefined;
  readonly coldStart?: boolean | undefined;
  readonly minDurationMs?: number | undefined;
  readonly maxDurationMs?: number | undefined;
  /** Lasted that long, or ended that long after its message was sent, by its own word. */
  readonly minPartMs?: number | undefined;
  /** Began that long after a message of it was sent, by its own word. */
  readonly minWaitMs?: number | undefined;
  /** `key=value` each. */
  readonly attribute?: readonly string[] | undefined;
  readonly text?: string | undefined;
  readonly expression?: FilterExpression | undefined;
}

/** What stands behind `FROM spans` and may be followed by `AND`, and the parameters that it names. */
export interface Condition {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

const KIND_NUMBERS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/**
 * The condition on rows of `spans`; every value is a parameter. Narrow columns are looked at before anything else is
 * read: the store would begin with the newest rows, whatever they have.
 */
export function spanCondition(filter: SpanFilter, places: Places = ANYWHERE): Condition {
  const first: string[] = [];
  const then = [SPAN_RANGE_SQL];
  const params: Record<string, unknown> = { from: filter.from, to: filter.to };
  const add = (to: string[], { sql, params: own = {} }: Pick<Condition, "sql"> & Partial<Condition>) => {
    to.push(sql);
    Object.assign(params, own);
  };
  for (const condition of columnConditions(filter)) add(first, condition);
  const { destination, minPartMs, minWaitMs } = filter;
  if (destination !== undefined) {
    const own = { destination, destinationText: `"stringValue":${storedString(destination)}` };
    add(then, { sql: DESTINATION_SQL[places.destination], params: own });
  }
  if (filter.failed) add(then, { sql: FAILED_SQL });
  if (minPartMs !== undefined) {
    add(then, { sql: PART_SQL, params: { partNs: toNs(minPartMs), partMs: toMs(minPartMs) } });
  }
  if (minWaitMs !== undefined) add(then, { sql: WAIT_SQL, params: { waitMs: toMs(minWaitMs) } });
  for (const [at, given] of (filter.attribute ?? []).entries()) {
    const [key, value] = splitAttribute(given);
    const place = places.attribute(given);
    const equality = attributeEquals(key, value, { prefix: `attribute${String(at)}`, place });
    Object.assign(params, equality.params);
    if (equality.narrow !== undefined) first.push(equality.narrow);
    if (equality.narrow !== equality.sql) then.push(equality.sql);
  }
  if (filter.expression !== undefined) add(then, { sql: filterSql(filter.expression, params) });
  if (filter.text !== undefined) add(then, textCondition(filter.text));
  const before = first.length > 0 ? `PREWHERE ${first.join("\n  AND ")}\n` : "";
  return { sql: `${before}WHERE ${then.join("\n  AND ")}`, params };
}

/** What a filter asks of columns that hold a small value for each row. */
function* columnConditions(filter: SpanFilter): Generator<Condition> {
  const { service, function: called, name, kind, status, coldStart, minDurationMs, maxDurationMs } = filter;
  if (service !== undefined) yield { sql: "service_name = {service:String}", params: { service } };
  if (called !== undefined) {
    yield { sql: "if(faas_name = '', service_name, faas_name) = {function:String}", params: { function: called } };
  }
  if (name !== undefined) yield { sql: "name = {name:String}", params: { name } };
  if (kind !== undefined) yield { sql: "kind = {kind:UInt8}", params: { kind: KIND_NUMBERS[kind] } };
  if (status !== undefined) yield { sql: status === "error" ? "status_code = 2" : "status_code != 2", params: {} };
  if (coldStart !== undefined) yield { sql: coldStart ? "faas_coldstart = 2" : "faas_coldstart != 2", params: {} };
  if (minDurationMs !== undefined) {
    yield { sql: "duration_ns >= {minNs:UInt64}", params: { minNs: toNs(minDurationMs) } };
  }
  if (maxDurationMs !== undefined) {
    yield { sql: "duration_ns <= {maxNs:UInt64}", params: { maxNs: toNs(maxDurationMs) } };
  }
}

const DESTINATION_PARTS = {
  /** Of a message, or in a list of tables. */
  column: `(messaging_destination_name = {destination:String}
    OR position(attributes_json['${TABLE_NAMES}'], {destinationText:String}) > 0)`,
  /** Among texts, by their index. */
  texts: `(has(mapValues(attributes_string), {destination:String}) AND (${[...STORE_NAMES, TABLE_NAMES, ...OLDER_DESTINATIONS]
    .map((key) => `attributes_string['${key}'] = {destination:String}`)
    .join(" OR ")}))`,
};
const DESTINATION_SQL = {
  ...DESTINATION_PARTS,
  both: `(${DESTINATION_PARTS.column} OR ${DESTINATION_PARTS.texts})`,
};

const FAILED_SQL = `(status_code = 2 OR timed_out = 2
    OR mapContains(attributes_bool, '${MESSAGE_RETURNED}') OR mapContains(attributes_string, '${MESSAGE_RETURNED}')
    OR arrayExists(text -> position(text, '"${MESSAGE_RETURNED}"') > 0, \`links.attributes\`)
    OR arrayExists(text -> position(text, '"${MESSAGE_RETURNED}"') > 0, \`events.attributes\`))`;

const SPAN_START_MS_SQL = "toUnixTimestamp64Milli(start_time)";

const PART_SQL = `(duration_ns >= {partNs:UInt64} OR (message_sent_ms > 0
    AND ${SPAN_START_MS_SQL} + toInt64(intDiv(duration_ns, 1000000)) - toInt64(message_sent_ms) >= {partMs:Int64}))`;

/** The messages of a batch say it in its links and events. */
const SENT_PATTERN = `"key":"${MESSAGE_SENT_MS.replaceAll(".", "[.]")}","value":[{]"intValue":"?([0-9]+)`;
const WAIT_SQL = `((message_sent_ms > 0 AND ${SPAN_START_MS_SQL} - toInt64(message_sent_ms) >= {waitMs:Int64})
    OR ((notEmpty(\`links.attributes\`) OR notEmpty(\`events.attributes\`)) AND arrayExists(
        sent -> sent > 0 AND ${SPAN_START_MS_SQL} - sent >= {waitMs:Int64},
        arrayMap(
            text -> toInt64OrZero(extract(text, '${SENT_PATTERN}')),
            arrayConcat(\`links.attributes\`, \`events.attributes\`)
        )
    )))`;

/** The key and the value of `key=value`. */
export function splitAttribute(given: string): [string, string] {
  const equals = given.indexOf("=");
  return [given.slice(0, equals), given.slice(equals + 1)];
}

/** Where one search looks for what has several places. */
export interface Places {
  attribute(given: string): AttributePlace;
  readonly destination: keyof typeof DESTINATION_SQL;
}

const ANYWHERE: Places = { attribute: () => "all", destination: "both" };

function toMs(ms: number): string {
  return String(Math.min(Math.ceil(ms), Number.MAX_SAFE_INTEGER));
}

function toNs(ms: number): string {
  return String(Math.min(Math.round(ms * 1e6), Number.MAX_SAFE_INTEGER));
}
