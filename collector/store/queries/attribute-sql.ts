/** The value of any attribute as a text, in SQL: from its column, its typed map or the resource. */
import { PROMOTED_SPAN_COLUMNS, RESOURCE_COLUMNS, type PromotedColumn } from "../span-columns.ts";

/** Names that stand for columns which are no attributes. */
const COLUMN_NAMES: Readonly<Record<string, string>> = {
  service: "service_name",
  function: "if(faas_name = '', service_name, faas_name)",
  name: "name",
  kind: "arrayElement(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'], kind + 1)",
  status: "arrayElement(['unset', 'ok', 'error'], status_code + 1)",
};

/**
 * An expression for the value of `key`, '' where a span has none. The key itself goes in as the query parameter
 * `parameter`, never into the text.
 */
export function attributeSql(key: string, parameter: string): string {
  const column = Object.hasOwn(COLUMN_NAMES, key) ? COLUMN_NAMES[key] : undefined;
  if (column !== undefined) return `toString(${column})`;
  const promoted = [...PROMOTED_SPAN_COLUMNS, ...RESOURCE_COLUMNS].find(({ attribute }) => attribute === key);
  const name = `{${parameter}:String}`;
  const maps = [
    `nullIf(attributes_string[${name}], '')`,
    `if(mapContains(attributes_int, ${name}), toString(attributes_int[${name}]), NULL)`,
    `if(mapContains(attributes_double, ${name}), toString(attributes_double[${name}]), NULL)`,
    `if(mapContains(attributes_bool, ${name}), if(attributes_bool[${name}] = 1, 'true', 'false'), NULL)`,
    // The dictionary of resources is small: this runs once for each of its values.
    `nullIf(extract(resource, '${resourcePattern(key)}'), '')`,
  ];
  return `ifNull(coalesce(${[...(promoted ? [promotedText(promoted)] : []), ...maps].join(", ")}), '')`;
}

/** Finds the value in a resource's JSON; of the key only letters, digits and what is escaped come into the text. */
function resourcePattern(key: string): string {
  const escaped = [...JSON.stringify(key).slice(1, -1)].map((char) => (/[\w.-]/.test(char) ? char : hexOf(char))).join("");
  return `"key":"${escaped.replaceAll(".", "[.]")}","value":[{]"[a-zA-Z]+":"?([^"}]*)`;
}

/** Of every other character its code: no quote and no backslash of the user's reaches the query. */
function hexOf(char: string): string {
  return [...Buffer.from(char)].map((byte) => `\\\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/** An equality of an attribute as a condition that the store's indexes can use, and what it reads instead of them. */
export function attributeEquals(key: string, value: string, parameters: { key: string; value: string }): string {
  const keyParameter = `{${parameters.key}:String}`;
  const valueParameter = `{${parameters.value}:String}`;
  const promoted = [...PROMOTED_SPAN_COLUMNS, ...RESOURCE_COLUMNS].find(({ attribute }) => attribute === key);
  if (promoted && (promoted.type === "string" || promoted.type === "lowCardinality")) return `${promoted.column} = ${valueParameter}`;
  const mayBeTyped = /^(true|false|-?[\d.]+(e[+-]?\d+)?)$/i.test(value);
  if (promoted || mayBeTyped) return `${attributeSql(key, parameters.key)} = ${valueParameter}`;
  const inSpan = `(has(mapValues(attributes_string), ${valueParameter}) AND attributes_string[${keyParameter}] = ${valueParameter})`;
  return `(${inSpan} OR extract(resource, '${resourcePattern(key)}') = ${valueParameter})`;
}

function promotedText({ column, type }: PromotedColumn): string {
  if (type === "bool") return `nullIf(arrayElement(['', 'false', 'true'], ${column} + 1), '')`;
  return `nullIf(nullIf(toString(${column}), ''), '0')`;
}
