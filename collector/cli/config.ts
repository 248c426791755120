/** The settings' values, checked before anything starts. */
import { settings, type Setting } from "./settings.ts";

type Parsed<Entry> = Entry extends { parse(text: string): infer Value } ? Exclude<Value, undefined> : never;
type Optional<Entry> = Entry extends { fallback: undefined } ? undefined : never;

/** What the collector runs with; a member without a default may be undefined. */
export type Config = {
  readonly [Key in keyof typeof settings]: Parsed<(typeof settings)[Key]> | Optional<(typeof settings)[Key]>;
};

/** Settings that are wrong; the message has one line for each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads every setting from the environment. An empty variable counts as not set, as in OpenTelemetry.
 *
 * @throws ConfigError naming each wrong variable, its value and what is allowed
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values = Object.entries(settings).map(([key, setting]) => [key, valueOf(setting, env, problems)]);
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  // The table's own types say what each of its parsers gives.
  const config = Object.fromEntries(values) as Config;
  refuseOpenDoor(config);
  refuseClusterOfNone(config);
  return config;
}

/** Other machines come in only where someone has said who may. */
function refuseOpenDoor({ host, auth, ingestTokens, uiPassword }: Config): void {
  if (isLoopback(host) || auth === "off" || (ingestTokens !== undefined && uiPassword !== undefined)) return;
  throw new ConfigError(
    `HOPSCOPE_HOST is "${host}", which lets other machines in: set HOPSCOPE_INGEST_TOKENS and HOPSCOPE_UI_PASSWORD, ` +
      "or HOPSCOPE_AUTH=off where the network or a proxy sees to it who comes.",
  );
}

function refuseClusterOfNone({ cluster, clickhouseUrl }: Config): void {
  if (cluster === undefined || clickhouseUrl !== undefined) return;
  throw new ConfigError("HOPSCOPE_CLICKHOUSE_CLUSTER needs HOPSCOPE_CLICKHOUSE_URL: the embedded database has no cluster.");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function valueOf(
  setting: Setting<unknown>,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): unknown {
  const names = setting.alias === undefined ? [setting.name] : [setting.name, setting.alias];
  const name = names.find((candidate) => (env[candidate] ?? "").trim() !== "");
  const text = (name === undefined ? setting.fallback : env[name])?.trim();
  if (text === undefined) return undefined;
  const value = setting.parse(text);
  if (value === undefined) {
    const shown = setting.secret === true ? "not shown here" : `"${withoutPassword(text)}"`;
    problems.push(`${name ?? setting.name} is ${shown}, but must be ${setting.allowed}.`);
  }
  return value;
}

/** A wrong URL is still a secret's carrier; what is wrong may be a character of the password. */
function withoutPassword(text: string): string {
  return text.replace(/^((?:\w+:\/\/)?[^:@/]*):.*@/s, "$1:***@");
}

/** Letters that may be wrong in a name for it to be taken for a mistake, and not for another program's. */
const TYPOS_MAX = 2;

/** Variables that are none of ours, but look as if they were meant to be: a sentence on each. */
export function misspelledSettings(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.values(settings).map(({ name }) => name);
  const asked = Object.keys(env).filter((name) => name.startsWith("HOPSCOPE_") && !known.includes(name));
  return asked.flatMap((name) => {
    const words = name.split("_");
    const meant = known.filter((one) => {
      const own = one.split("_");
      return words.every((word) => own.includes(word)) || editDistance(name, one) <= TYPOS_MAX;
    });
    return meant.length === 0 ? [] : [`${name} is no setting and changes nothing; there is ${meant.join(" and ")}.`];
  });
}

/** Letters to change, add or leave out (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [at, other] of [...to].entries()) {
      const [left = 0, above = 0, before = 0] = [next[at], row[at + 1], row[at]];
      next.push(Math.min(left + 1, above + 1, before + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
