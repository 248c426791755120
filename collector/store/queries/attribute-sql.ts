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
  if (!isOfSpan && isWorkedOut(key)) return resourceAttributeSql(key, prefix);
  const promoted = isOfSpan ? PROMOTED_SPAN_COLUMNS.find(({ attribute }) => attribute === key) : promotedOf(key);
  const name = `{${prefix}_key:String}`;
  const maps = [
    `nullIf(attributes_string[${name}], '')`,
    `if(mapContains(attributes_int, ${name}), toString(attributes_int[${name}]), NULL)`,
    `if(mapContains(attributes_double, ${name}), toString(attributes_double[${name}]), NULL)`,
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

/** Where an equality looks: at the spans' own attributes, by the store's indexes; at resources; or at both, slowly. */
export type AttributePlace = "spans" | "resources" | "both";

/** An equality of an attribute as a condition; its parameters begin with `prefix`. */
export function attributeEquals(
  key: string,
  value: string,
  { prefix, place }: { readonly prefix: string; readonly place: AttributePlace },
): Expression {
  const [name, wanted] = [`{${prefix}_key:String}`, `{${prefix}_value:String}`];
  const stored = { [`${prefix}_pattern`]: scalarPattern(key), [`${prefix}_text`]: storedString(value) };
  const params = { [`${prefix}_key`]: key, [`${prefix}_value`]: value, ...stored };
  const inResource = `${resourceSql(prefix)} IN ({${prefix}_text:String}, ${wanted})`;
  if (isWorkedOut(key)) return { sql: inResource, params };
  const promoted = promotedOf(key);
  if (promoted && isText(promoted)) return { sql: `${promoted.column} = ${wanted}`, params };
  if (promoted || mayBeTyped(value)) return { sql: `${attributeSql(key, prefix).sql} = ${wanted}`, params };
  const inSpan = `(has(mapValues(attributes_string), ${wanted}) AND attributes_string[${name}] = ${wanted})`;
  const sql = { spans: inSpan, resources: inResource, both: `(${inSpan} OR ${inResource})` }[place];
  return { sql, params };
}

/** Whether it makes a difference where an equality looks. */
export function hasPlace(key: string, value: string): boolean {
  return promotedOf(key) === undefined && !mayBeTyped(value);
}

function promotedOf(key: string): PromotedColumn | undefined {
  return [...PROMOTED_SPAN_COLUMNS, ...RESOURCE_COLUMNS].find(({ attribute }) => attribute === key);
}

function isText({ type }: PromotedColumn): boolean {
  return type === "string" || type === "lowCardinality";
}

/** Whether the attribute may be a number or a flag, which other maps hold. */
function mayBeTyped(value: string): boolean {
  return /^(true|false|-?[\d.]+(e[+-]?\d+)?)$/i.test(value);
}

/** A column that the store works out of the resource: of text with a quote in it, it has the beginning. */
function isWorkedOut(key: string): boolean {
  const isOf = ({ attribute }: PromotedColumn) => attribute === key;
  return RESOURCE_COLUMNS.some(isOf) && !STORED_RESOURCE_COLUMNS.some(isOf);
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
