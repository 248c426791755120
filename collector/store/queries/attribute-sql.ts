/** The value of any attribute as a text, in SQL: from its column, its typed map or the resource. */
import {
  PROMOTED_SPAN_COLUMNS,
  RESOURCE_COLUMNS,
  STORED_RESOURCE_COLUMNS,
  type PromotedColumn,
} from "../span-columns.ts";
import { scalarPattern, scalarTextSql, storedString } from "./stored-json.ts";

/** Names that stand for columns which are no attributes. */
const COLUMN_NAMES: Readonly<Record<string, string>> = {
  service: "service_name",
  function: "if(faas_name = '', service_name, faas_name)",
  name: "name",
  kind: "arrayElement(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'], kind + 1)",
  status: "arrayElement(['unset', 'ok', 'error'], status_code + 1)",
};

/** A part of a statement, and the parameters that it names. */
export interface Expression {
  readonly sql: string;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * An expression for the value of `key`, '' where a span has none; its parameters begin with `prefix`. Of a span it is
 * its own attribute alone; else a few names stand for columns, and the resource is looked at as well.
 */
export function attributeSql(key: string, prefix: string, { isOfSpan = false } = {}): Expression {
  const column = Object.hasOwn(COLUMN_NAMES, key) ? COLUMN_NAMES[key] : undefined;
  if (column !== undefined && !isOfSpan) return { sql: `toString(${column})`, params: {} };
  const promoted = [...PROMOTED_SPAN_COLUMNS, ...(isOfSpan ? [] : STORED_RESOURCE_COLUMNS)].find(isOf(key));
  const name = `{${prefix}_key:String}`;
  const maps = [
    `nullIf(attributes_string[${name}], '')`,
    `if(mapContains(attributes_int, ${name}), toString(attributes_int[${name}]), NULL)`,
    `if(mapContains(attributes_double, ${name}), ${doubleTextSql(`attributes_double[${name}]`)}, NULL)`,
    `if(mapContains(attributes_bool, ${name}), if(attributes_bool[${name}] = 1, 'true', 'false'), NULL)`,
    ...(isOfSpan ? [] : [`nullIf(${resourceTextSql(prefix)}, '')`]),
  ];
  const sql = `ifNull(coalesce(${[...(promoted ? [promotedText(promoted)] : []), ...maps].join(", ")}), '')`;
  return { sql, params: { [`${prefix}_key`]: key, [`${prefix}_pattern`]: scalarPattern(key) } };
}

/** The same of the resource alone. */
export function resourceAttributeSql(key: string, prefix: string): Expression {
  return { sql: resourceTextSql(prefix), params: { [`${prefix}_pattern`]: scalarPattern(key) } };
}

/**
 * The value of `key` in `json`, a column or variable that holds attributes as OTLP/JSON: '' where it has none, or one
 * that is no scalar. Its parameters begin with `prefix`.
 */
export function jsonAttributeSql(key: string, prefix: string, json: string): Expression {
  const scalar = `extract(${json}, {${prefix}_scalar:String})`;
  return { sql: scalarTextSql(scalar), params: { [`${prefix}_scalar`]: scalarPattern(key) } };
}

/**
 * Where an equality looks: at texts of spans, by the store's indexes; at their numbers and flags; at both of these; at
 * resources; or everywhere.
 */
export type AttributePlace = "texts" | "numbers" | "spans" | "resources" | "all";

/** A condition, and what of it can be said of columns that hold little for each row: all of it, or a part. */
export interface Equality extends Expression {
  readonly narrow?: string;
}

/** An equality of an attribute as a condition; its parameters begin with `prefix`. */
export function attributeEquals(
  key: string,
  value: string,
  { prefix, place }: { readonly prefix: string; readonly place: AttributePlace },
): Equality {
  const wanted = `{${prefix}_value:String}`;
  const params = {
    [`${prefix}_key`]: key,
    [`${prefix}_value`]: value,
    [`${prefix}_pattern`]: scalarPattern(key),
    [`${prefix}_text`]: storedString(value),
  };
  // An absent attribute reads as an empty text: that is looked for as it is stored.
  const isEmpty = value === "";
  const inResource = `${resourceSql(prefix)} IN ({${prefix}_text:String}${isEmpty ? "" : `, ${wanted}`})`;
  const stored = isEmpty ? undefined : storedTextColumn(key);
  if (stored) return { sql: `${stored} = ${wanted}`, params, narrow: `${stored} = ${wanted}` };
  if (place === "resources") return { sql: inResource, params, narrow: inResource };
  const numbers = numberEqualsSql(key, value, prefix);
  if (place === "numbers") {
    return { sql: anyOf(numbers.map(({ sql }) => sql)), params, narrow: anyOf(numbers.map(({ narrow }) => narrow)) };
  }
  const column = isEmpty ? undefined : PROMOTED_SPAN_COLUMNS.filter(isText).find(isOf(key));
  const text = column ? columnEqualsSql(column, value, wanted) : textEqualsSql(prefix, isEmpty);
  const inSpan = [text, ...(place === "texts" ? [] : numbers.map(({ sql }) => sql))];
  const sql = anyOf(place === "all" ? [...inSpan, inResource] : inSpan);
  const isNarrow = column?.type === "lowCardinality" && inSpan.length === 1 && place !== "all";
  return { sql, params, ...(isNarrow && { narrow: sql }) };
}

function anyOf(conditions: readonly string[]): string {
  return `(${conditions.join(" OR ")})`;
}

/** Where on spans an equality may hold, each of which is soonest looked at by itself. */
export function spanPlaces(key: string, value: string): ("texts" | "numbers")[] {
  const hasNumbers = storedTextColumn(key) === undefined && numberEqualsSql(key, value, "").length > 0;
  return hasNumbers ? ["texts", "numbers"] : ["texts"];
}

/** Whether the attribute is one of resources as a rule, so that spans are asked whether any has it. */
export function isResourcesOwn(key: string): boolean {
  return RESOURCE_COLUMNS.some(isOf(key));
}

/** Whether resources are asked for the attribute: of others, a column says all that is asked. */
export function isOfResources(key: string): boolean {
  return storedTextColumn(key) === undefined;
}

function textEqualsSql(prefix: string, isEmpty: boolean): string {
  const [name, wanted] = [`{${prefix}_key:String}`, `{${prefix}_value:String}`];
  const isThere = isEmpty ? `mapContains(attributes_string, ${name}) AND ` : "";
  return `(${isThere}has(mapValues(attributes_string), ${wanted}) AND attributes_string[${name}] = ${wanted})`;
}

/** As the transcoder takes for a UUID: the nil one stands for absent, and is kept as a text. */
const UUID = /^(?!0{8}-0{4}-0{4}-0{4}-0{12}$)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of an id's two columns the one that would hold `value`: the column of UUIDs has an index. */
function columnEqualsSql({ column, isUuid }: PromotedColumn, value: string, wanted: string): string {
  if (!isUuid) return `${column} = ${wanted}`;
  const name = column.replace(/_id$/, "");
  return UUID.test(value) ? `${name}_uuid = toUUID(${wanted})` : `${name}_text = ${wanted}`;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Conditions on numbers and flags, compared as texts, and wider ones on values without their keys; none where no number
 * or flag is written as `value`.
 */
function numberEqualsSql(key: string, value: string, prefix: string): { sql: string; narrow: string }[] {
  const [name, wanted] = [`{${prefix}_key:String}`, `{${prefix}_value:String}`];
  const isIn = (map: string, stored: string, sql: string) => {
    const narrow = `has(mapValues(${map}), ${stored})`;
    return { narrow, sql: `(${narrow} AND mapContains(${map}, ${name}) AND ${sql})` };
  };
  const promoted = [...PROMOTED_SPAN_COLUMNS, ...RESOURCE_COLUMNS].filter((column) => !isText(column)).find(isOf(key));
  const inColumn = promoted && `ifNull(${promotedText(promoted)} = ${wanted}, 0)`;
  const column = inColumn === undefined ? [] : [{ sql: inColumn, narrow: inColumn }];
  if (/^(true|false)$/.test(value)) {
    const flag = value === "true" ? "1" : "0";
    return [...column, isIn("attributes_bool", flag, `attributes_bool[${name}] = ${flag}`)];
  }
  const isInt64 = /^(0|-?[1-9]\d{0,18})$/.test(value) && BigInt(value) >= INT64_MIN && BigInt(value) <= INT64_MAX;
  const [int, double] = [`toInt64(${wanted})`, `toFloat64(${wanted})`];
  return [
    ...column,
    ...(isInt64 ? [isIn("attributes_int", int, `attributes_int[${name}] = ${int}`)] : []),
    ...(isWrittenNumber(value) ? [isIn("attributes_double", double, `attributes_double[${name}] = ${double}`)] : []),
  ];
}

/** Whether a number is written so: as JavaScript does, which is how answers show it. */
function isWrittenNumber(value: string): boolean {
  return Number.isFinite(Number(value)) && String(Number(value)) === value;
}

/** A number as JavaScript writes it. */
function doubleTextSql(double: string): string {
  return `replaceRegexpOne(toString(${double}), 'e([0-9])', 'e+\\\\1')`;
}

function isText({ type }: PromotedColumn): boolean {
  return type === "string" || type === "lowCardinality";
}

function isOf(key: string): (column: PromotedColumn) => boolean {
  return ({ attribute }) => attribute === key;
}

/** The column of the service's or the function's name: what the resource says of them is all that is asked. */
function storedTextColumn(key: string): string | undefined {
  return STORED_RESOURCE_COLUMNS.filter(isText).find(isOf(key))?.column;
}

/** The value as it is stored. The dictionary of resources is small: this runs once for each of its values. */
function resourceSql(prefix: string): string {
  return `extract(resource, {${prefix}_pattern:String})`;
}

function resourceTextSql(prefix: string): string {
  return scalarTextSql(resourceSql(prefix));
}

function promotedText({ column, type }: PromotedColumn): string {
  if (type === "bool") return `nullIf(arrayElement(['', 'false', 'true'], ${column} + 1), '')`;
  return `nullIf(nullIf(toString(${column}), ''), '0')`;
}
