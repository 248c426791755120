/** The same OTLP/JSON in any of the forms that JSON and OTLP leave to the sender. */

/** A number from 0 to below `of`. */
export type Choose = (of: number) => number;

/** One in so many places gets a form that few senders use. */
const RARE = 12;
const SPACES = [" ", "\n", "\t", "\r\n  ", "      "];
const ESCAPES = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["/", "\\/"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);
const UNKNOWN = ['"later":{"a":[1,-2.5e3,{"b":null}],"c":"\\u00e9\\n"}', '"new_name":[[],{},true,false]', '"x":-0.0E+1'];
const INTEGER_NAMES = /^(intValue|.*UnixNano|dropped.*|flags)$/;
const NULLABLE = ["traceState", "status", "flags", "schemaUrl", "droppedLinksCount"];

/** What `JSON.stringify` says of `value`, written in another way. */
export function oddJson(value: unknown, choose: Choose, name = ""): string {
  const rarely = () => choose(RARE) === 0;
  const space = () => (rarely() ? (SPACES[choose(SPACES.length)] ?? "") : "");
  const list = (open: string, items: readonly string[], close: string) =>
    open + items.map((item) => space() + item + space()).join(",") + (items.length === 0 ? space() : "") + close;
  if (Array.isArray(value)) return list("[", value.map((item) => oddJson(item, choose)), "]");
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([key, inner]) => `${rarely() ? oddString(key, rarely) : JSON.stringify(key)}${space()}:${space()}${oddJson(inner, choose, key)}`,
    );
    if (rarely()) members.splice(choose(members.length + 1), 0, UNKNOWN[choose(UNKNOWN.length)] ?? "");
    const absent = NULLABLE[choose(NULLABLE.length)] ?? "";
    if (rarely() && !(absent in value)) members.push(`"${absent}":null`);
    if (rarely()) members.reverse();
    return list("{", members, "}");
  }
  if (INTEGER_NAMES.test(name) && rarely()) return typeof value === "string" ? value : `"${String(value)}"`;
  if (typeof value === "number" && name === "doubleValue" && rarely()) return value.toExponential();
  if (typeof value !== "string") return JSON.stringify(value);
  if (/^(trace|span|parentSpan)Id$/.test(name) && rarely()) return JSON.stringify(value.toUpperCase());
  return name === "" || /Value$|^name$|^message$/.test(name) ? oddString(value, rarely) : JSON.stringify(value);
}

function oddString(text: string, rarely: () => boolean): string {
  if (!rarely()) return JSON.stringify(text);
  const unit = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
  // By code units: a pair of surrogates may be one character and one escape, each of which stands alone.
  const escaped = text.split("").map((character) => {
    if (rarely()) return unit(character.charCodeAt(0));
    const known = ESCAPES.get(character);
    if (known !== undefined && !rarely()) return known;
    return character < " " || character === '"' || character === "\\" || /[\ud800-\udfff]/.test(character)
      ? unit(character.charCodeAt(0)).toUpperCase().replace("U", "u")
      : character;
  });
  return `"${escaped.join("")}"`;
}
