/** Values of a query's parameters, as ClickHouse reads them out of a URL. */

/** What stands for itself nowhere: a text's value ends at the first of them, or is read as something else. */
const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "'": "\\'", "\\": "\\\\" };

/** The values of one ClickHouse tuple. */
export class Tuple {
  readonly members: readonly unknown[];

  constructor(...members: readonly unknown[]) {
    this.members = members;
  }
}

/**
 * The text of one parameter's value: a text, a number, a truth, nothing, a tuple, bytes inside of it, or a list of
 * these.
 *
 * @throws TypeError for a value of another kind
 */
export function parameterText(value: unknown): string {
  if (typeof value === "string") return escaped(value);
  if (value === null || value === undefined) return "\\N";
  if (typeof value === "boolean") return value ? "1" : "0";
  return listItem(value);
}

/** The same inside of a list or tuple, where texts have quotes. */
function listItem(value: unknown): string {
  if (typeof value === "string") return `'${escaped(value)}'`;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : notFinite(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return `[${value.map(listItem).join(",")}]`;
  if (value instanceof Tuple) return `(${value.members.map(listItem).join(",")})`;
  if (value instanceof Uint8Array) return `'${bytesText(value)}'`;
  throw new TypeError(`A query's parameter cannot be of type ${typeof value}.`);
}

function notFinite(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "+inf" : "-inf";
}

function escaped(text: string): string {
  return /[\t\n\r'\\]/.test(text) ? text.replace(/[\t\n\r'\\]/g, (character) => ESCAPES[character] ?? "") : text;
}

/** Each byte by its number, as what is sent is UTF-8. */
function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex").replace(/../g, "\\x$&");
}
