/** Long lists for the parameters of several statements: parameters travel in the URL, each within a bound. */

/** Of one parameter as it is escaped in a URL, bytes: a server takes 131,072 (`http_max_field_value_size`). */
const PARAMETER_MAX_BYTES = 100_000;
/** Quotes and a comma round each text of a list, escaped. */
const QUOTES_BYTES = 9;

/** The items, in parts whose texts are each within one parameter. */
export function* parameterChunks<Item>(items: readonly Item[], textOf: (item: Item) => string): Generator<Item[]> {
  let chunk: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const own = escapedBytes(textOf(item)) + QUOTES_BYTES;
    if (bytes + own > PARAMETER_MAX_BYTES && chunk.length > 0) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    chunk.push(item);
    bytes += own;
  }
  if (chunk.length > 0) yield chunk;
}

/** At most; what SQL escapes first becomes longer once more. */
function escapedBytes(text: string): number {
  if (/^[\w-]*$/.test(text)) return text.length;
  return new URLSearchParams([["", text]]).toString().length + (text.match(/['\\\s]/g)?.length ?? 0) * 3;
}
