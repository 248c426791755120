/** Origins of pages as a setting has them. */

/** The ports that browsers leave out of an origin. */
const DEFAULT_PORT = /^(http:\/\/[^/]+):80$|^(https:\/\/[^/]+):443$/;

/**
 * Origins separated by commas, as browsers write them; one `*` in each stands for any number of characters, and may be
 * all of it. Undefined where one has a path or is none, as it would never match.
 */
export function origins(text: string): readonly string[] | undefined {
  const parts = text.split(",").map((part) => asBrowsersWrite(part.trim()));
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function asBrowsersWrite(text: string): string | undefined {
  if (text === "*") return text;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@,\\]+$/i.test(text) || text.split("*").length > 2) return undefined;
  const lower = text.toLowerCase();
  const [, http, https] = DEFAULT_PORT.exec(lower) ?? [];
  return http ?? https ?? lower;
}
