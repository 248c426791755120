/** Free text, looked for in what a span says in words, and where it is digits in numbers too. */
import { PROMOTED_SPAN_COLUMNS } from "../span-columns.ts";
import { OWN_MESSAGE_KEYS_SQL } from "./own-message-keys.ts";
import { insideValuePattern } from "./stored-json.ts";

const columnsOf = (...types: readonly string[]) =>
  PROMOTED_SPAN_COLUMNS.filter(({ type }) => types.includes(type)).map(({ column }) => column);

/** Every attribute that is a text, where it has a column and where it has none. */
const TEXTS = `arrayConcat(
        [toString(name), status_message, ${columnsOf("string", "lowCardinality").map((column) => `toString(${column})`).join(", ")}],
        mapValues(attributes_string), ${OWN_MESSAGE_KEYS_SQL},
        if(message_keys_form = 2, [concat(messaging_system, ':', messaging_message_id)], [])
    )`;
const NUMBERS = `arrayConcat(
        arrayMap(number -> toString(number), mapValues(attributes_int)),
        arrayMap(number -> toString(number), mapValues(attributes_double)),
        [${columnsOf("uint16", "uint32", "uint64", "float64").map((column) => `if(${column} = 0, '', toString(${column}))`).join(", ")}]
    )`;
/** The dictionary of resources is small: of it, this runs once for each value. */
const IN_JSON = `match(resource, {textPattern:String})
    OR arrayExists(json -> match(json, {textPattern:String}), mapValues(attributes_json))
    OR arrayExists(json -> match(json, {textPattern:String}), \`events.attributes\`)`;

/** Whether a number can have the text in it: then numbers are looked at. */
export function isPartOfNumber(text: string): boolean {
  return /^-?[\d.]+$/.test(text);
}

/**
 * The condition that the text is, whatever its case, in the name, the status message, or a value of the span's
 * attributes, its events' or its resource's.
 */
export function textCondition(text: string): { readonly sql: string; readonly params: Record<string, string> } {
  const isNumber = isPartOfNumber(text);
  const parts = [
    `arrayExists(value -> positionCaseInsensitiveUTF8(value, {text:String}) > 0, ${TEXTS})`,
    ...(isNumber ? [`arrayExists(value -> position(value, {text:String}) > 0, ${NUMBERS})`] : []),
    IN_JSON,
  ];
  return { sql: `(${parts.join("\n    OR ")})`, params: { text, textPattern: insideValuePattern(text, { isNumber }) } };
}
