/** OTLP/JSON as the transcoder writes it, searched without being parsed. */

const STRING = String.raw`"(?:[^"\\]|\\.)*`;

/** A text as it stands between the quotes of stored JSON. */
function storedText(text: string): string {
  return text.replaceAll(/["\\\0-\x1f]/g, (char) => {
    return char < " " ? `\\u00${char.charCodeAt(0).toString(16).padStart(2, "0")}` : `\\${char}`;
  });
}

/** The same with its quotes. */
export function storedString(text: string): string {
  return `"${storedText(text)}"`;
}

/** Finds the value of a key in stored attributes: a string with its quotes, or another scalar. */
export function scalarPattern(key: string): string {
  return `"key":"${escapeRegExp(storedText(key))}","value":[{]"[a-zA-Z]+":(${STRING}"|[^"{}]*)`;
}

/** Finds a text, whatever its case, inside of a string or bytes; with `isNumber` inside of a number as well. */
export function insideValuePattern(text: string, { isNumber }: { readonly isNumber: boolean }): string {
  const values = [`(?:string|bytes)Value":${STRING}`, ...(isNumber ? [`(?:int|double)Value":"?[^",{}]*`] : [])];
  return `(?i)"(?:${values.join("|")})${escapeRegExp(storedText(text))}`;
}

/** The text of a value that {@link scalarPattern} found. */
export function scalarTextSql(scalar: string): string {
  return `if(startsWith(${scalar}, '"'), JSONExtractString(${scalar}), ${scalar})`;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[^\w]/gu, (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
