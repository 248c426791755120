/**
 * What a query of one's own may say when it comes through the API: a SELECT over this database's tables with functions
 * that compute. The database could do more (read files, fetch addresses, see other databases), and whoever may press a
 * button on the page is not whoever may write a file on the collector's machine.
 */
import { COMPUTING_FUNCTIONS } from "./own-query-functions.ts";

interface Token {
  readonly kind: "word" | "name" | "text" | "number" | "mark" | "parameter";
  readonly text: string;
}

const TOKEN =
  /\s+|(?<word>[A-Za-z_]\w*)|(?<name>`[^`\\]*`|"[^"\\]*")|(?<text>'(?:[^'\\]|\\.|'')*')|(?<number>\d[\w.]*)|(?<parameter>\{\w+:\w+\})|(?<mark>->|::|<=|>=|!=|<>|==|\|\||[-+*/%=<>(),.[\]?:])/gsy;

/** Words that begin what a rule's query has no use for. */
const REFUSED_WORDS: ReadonlySet<string> = new Set(
  "settings into outfile format explain show describe check insert alter create drop".split(" "),
);
/** Where the tables of a FROM end. */
const AFTER_TABLES: ReadonlySet<string> = new Set(
  "where prewhere group order having limit array window qualify union intersect except select sample on using".split(" "),
);
const PARAMETERS: ReadonlySet<string> = new Set(["{from:DateTime}", "{to:DateTime}"]);

/** Why a query is not taken from the API; undefined where it is. */
export function refusalOf(sql: string): string | undefined {
  const tokens = tokensOf(sql);
  if (typeof tokens === "string") return tokens;
  if (!["select", "with"].includes(lower(tokens[0]))) return "must be one SELECT";
  return refusedWord(tokens) ?? refusedFunction(tokens) ?? refusedTable(tokens);
}

function tokensOf(sql: string): Token[] | string {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(sql)?.groups;
    if (groups === undefined || /^(--|\/\*)/.test(sql.slice(at)))
      return `"${sql.slice(at, at + 10)}" is not understood; comments, ";" and other quotes are left out here`;
    const [kind, text] = Object.entries(groups).find(([, found]) => found !== undefined) ?? [];
    if (kind !== undefined) tokens.push({ kind: kind as Token["kind"], text: text ?? "" });
  }
  return tokens;
}

function refusedWord(tokens: readonly Token[]): string | undefined {
  const found = tokens.find(({ kind, text }) =>
    kind === "parameter" ? !PARAMETERS.has(text) : kind === "word" && REFUSED_WORDS.has(text.toLowerCase()),
  );
  if (found === undefined) return undefined;
  return `"${found.text}" is not allowed; {from:DateTime} and {to:DateTime} are the window`;
}

function refusedFunction(tokens: readonly Token[]): string | undefined {
  for (const [index, token] of tokens.entries()) {
    if ((token.kind !== "word" && token.kind !== "name") || tokens[index + 1]?.text !== "(") continue;
    const name = plain(token);
    if (token.kind === "word" && BEFORE_PARENTHESES.has(name.toLowerCase())) continue;
    if (!COMPUTING_FUNCTIONS.has(name.toLowerCase()))
      return `the function "${name}" is for rules of the file only: it is not known to compute alone`;
  }
  return undefined;
}
const BEFORE_PARENTHESES: ReadonlySet<string> = new Set(
  "in as and or not from join where prewhere on using over by having select distinct when then else case between like ilike is exists any all interval with partition limit".split(
    " ",
  ),
);

/** Tables stand after FROM, JOIN, IN and a comma between tables; there they have no database before them. */
function refusedTable(tokens: readonly Token[]): string | undefined {
  const inTables: boolean[] = [false];
  for (const [index, token] of tokens.entries()) {
    const word = token.kind === "word" ? token.text.toLowerCase() : "";
    if (token.text === "(" && token.kind === "mark") inTables.push(false);
    if (token.text === ")" && token.kind === "mark") inTables.pop();
    const depth = inTables.length - 1;
    if (AFTER_TABLES.has(word)) inTables[depth] = false;
    const isTablePlace = word === "from" || (word === "join" && lower(tokens[index - 1]) !== "array");
    if (isTablePlace) inTables[depth] = true;
    const next = tokens[index + 1];
    if (token.text === "," && inTables[depth] === true) return 'must join tables by JOIN, not by ","';
    if (word === "in" && next?.text !== "(" && next?.text !== "[") return "IN must have a list or a SELECT in parentheses";
    if (isTablePlace && tokens[index + 2]?.text === "." && next?.text !== "(")
      return `must name a table of this database alone, not ${next?.text ?? ""}.${tokens[index + 3]?.text ?? ""}`;
  }
  return undefined;
}

function plain({ kind, text }: Token): string {
  return kind === "name" ? text.slice(1, -1) : text;
}

function lower(token: Token | undefined): string {
  return token?.kind === "word" ? token.text.toLowerCase() : "";
}
