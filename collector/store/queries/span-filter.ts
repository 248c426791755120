/** Which spans are meant, as the condition of a query. */
import { MESSAGE_RETURNED, MESSAGE_SENT_MS, STORE_NAMES, TABLE_NAMES } from "../../../schema/attributes.ts";
import { filterSql, type FilterExpression } from "./filter-expression.ts";
import { attributeEquals, hasPlace, type AttributePlace } from "./attribute-sql.ts";
import { textCondition } from "./free-text.ts";
import { storedString } from "./stored-json.ts";

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

/** What stands behind WHERE, and the parameters that it names. */
export interface Condition {
  readonly sql: string;
  readonly params: Record<string, unknown>;
}

const KIND_NUMBERS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

const RANGE_SQL = `start_time >= parseDateTime64BestEffort({from:String}, 9, 'UTC')
  AND start_time < parseDateTime64BestEffort({to:String}, 9, 'UTC')`;

/** The condition on rows of `spans`; every value is a parameter. */
export function spanCondition(filter: SpanFilter, places: Places = ANYWHERE): Condition {
  const parts = [RANGE_SQL];
  const params: Record<string, unknown> = { from: filter.from, to: filter.to };
  const add = (sql: string, name?: string, value?: unknown) => {
    parts.push(sql);
    if (name !== undefined) params[name] = value;
  };
  if (filter.service !== undefined) add("service_name = {service:String}", "service", filter.service);
  if (filter.function !== undefined) {
    add("if(faas_name = '', service_name, faas_name) = {function:String}", "function", filter.function);
  }
  if (filter.name !== undefined) add("name = {name:String}", "name", filter.name);
  if (filter.kind !== undefined) add("kind = {kind:UInt8}", "kind", KIND_NUMBERS[filter.kind]);
  if (filter.status !== undefined) add(filter.status === "error" ? "status_code = 2" : "status_code != 2");
  if (filter.failed) add(FAILED_SQL);
  if (filter.destination !== undefined) {
    add(DESTINATION_SQL[places.destination], "destination", filter.destination);
    params["destinationText"] = `"stringValue":${storedString(filter.destination)}`;
  }
  if (filter.coldStart !== undefined) add(filter.coldStart ? "faas_coldstart = 2" : "faas_coldstart != 2");
  if (filter.minDurationMs !== undefined) add("duration_ns >= {minNs:UInt64}", "minNs", toNs(filter.minDurationMs));
  if (filter.maxDurationMs !== undefined) add("duration_ns <= {maxNs:UInt64}", "maxNs", toNs(filter.maxDurationMs));
  if (filter.minPartMs !== undefined) {
    add(PART_SQL, "partNs", toNs(filter.minPartMs));
    params["partMs"] = toMs(filter.minPartMs);
  }
  if (filter.minWaitMs !== undefined) add(WAIT_SQL, "waitMs", toMs(filter.minWaitMs));
  for (const [at, given] of (filter.attribute ?? []).entries()) {
    const [key, value] = splitAttribute(given);
    const equality = attributeEquals(key, value, { prefix: `attribute${String(at)}`, place: places.attribute(given) });
    add(equality.sql);
    Object.assign(params, equality.params);
  }
  if (filter.expression !== undefined) add(filterSql(filter.expression, params));
  if (filter.text !== undefined) {
    const text = textCondition(filter.text);
    add(text.sql);
    Object.assign(params, text.params);
  }
  return { sql: parts.join("\n  AND "), params };
}

const DESTINATION_PARTS = {
  /** Of a message, or in a list of tables. */
  column: `(messaging_destination_name = {destination:String}
    OR position(attributes_json['${TABLE_NAMES}'], {destinationText:String}) > 0)`,
  /** Among texts, by their index. */
  texts: `(has(mapValues(attributes_string), {destination:String}) AND (${[...STORE_NAMES, TABLE_NAMES]
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
function splitAttribute(given: string): [string, string] {
  const equals = given.indexOf("=");
  return [given.slice(0, equals), given.slice(equals + 1)];
}

/** Where one search looks for what has several places. */
export interface Places {
  attribute(given: string): AttributePlace;
  readonly destination: keyof typeof DESTINATION_SQL;
}

const ANYWHERE: Places = { attribute: () => "both", destination: "both" };

/** Those attributes of a filter of which it makes a difference where they are looked for. */
export function placedAttributes({ attribute = [] }: SpanFilter): string[] {
  return attribute.filter((given) => hasPlace(...splitAttribute(given)));
}

/** A query that says of each attribute, in a list `found`, whether a resource of the time range has it. */
export function resourcesQuery({ from, to }: SpanFilter, attributes: readonly string[]): Condition {
  const params: Record<string, unknown> = { from, to };
  const columns = attributes.map((given, at) => {
    const [key, value] = splitAttribute(given);
    const equality = attributeEquals(key, value, { prefix: `attribute${String(at)}`, place: "resources" });
    Object.assign(params, equality.params);
    return `max(${equality.sql})`;
  });
  return { sql: `SELECT [${columns.join(", ")}] AS found FROM spans WHERE ${RANGE_SQL}`, params };
}

function toMs(ms: number): string {
  return String(Math.min(Math.ceil(ms), Number.MAX_SAFE_INTEGER));
}

function toNs(ms: number): string {
  return String(Math.min(Math.round(ms * 1e6), Number.MAX_SAFE_INTEGER));
}
